/// @file
/// The supervisor: answers the stopped calls of a program and all that it has started, until the last one has ended.
#pragma once

#include <sys/types.h>

#include "keepalive/descriptor.h"
#include "keepalive/settings.h"
#include "notification.h"

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

/// A stopped call and the descriptor that it is about.
struct Call {
  const char* name;
  int fd;
};

/// Gives the sockets of stopped calls keepalive.
class Giver {
 public:
  /// @param settings kept by reference, @param verbose a line on standard error for each decision.
  Giver(const Settings& settings, bool verbose) : settings_(settings), verbose_(verbose) {}

  /// A call of connect(2), listen(2) or setsockopt(2): gives its socket keepalive where it is TCP, then lets the call
  /// pass, or answers it. Under `on` a socket that connects or listens already is left alone. Whatever goes wrong, the
  /// call goes on.
  void deal_with(Listener& listener, const seccomp_notif& call) const;

  /// Turns keepalive on for a TCP socket here; under `on` only where it is off.
  /// @param pid and `number` of the descriptor in that process, @param call for the line.
  void give(int fd, pid_t pid, int number, const char* call) const;

 private:
  void report_unseen(pid_t pid, const Call& call, int error) const;

  const Settings& settings_;
  bool verbose_;
};

/// Serves the listener and waits for the children of this process until there are none.
/// @param program the child that is the program itself. Its changes are sent to the front; where that has been killed
/// before the program has ended, so is the program.
void supervise(Listener& listener, const Giver& giver, pid_t program, const Front& front);

}  // namespace keepalive::command
