/// @file
/// The supervisor: answers the stopped calls of a program and all that it has started, until the last one has ended.
#pragma once

#include <sys/types.h>

#include "command/supervisor/notification.h"
#include "command/supervisor/stopped_call.h"
#include "keepalive/descriptor.h"

namespace keepalive::command {

/// The process that stands in the program's place: it does as the program does.
struct Front {
  pid_t pid = -1;
  Descriptor channel;  ///< to it; its other end closes with it
};

/// What has become of the program: a message to the front, which acknowledges it with a byte.
struct Change {
  int status = 0;     ///< as waitpid(2) gives it
  bool last = false;  ///< nothing is left to supervise
};

/// Serves the listener and waits for the children of this process until there are none.
/// @param program the child that is the program itself. Its changes are sent to the front; where that has been killed
/// before the program has ended, so is the program.
void supervise(Listener& listener, const Giver& giver, pid_t program, const Front& front);

}  // namespace keepalive::command
