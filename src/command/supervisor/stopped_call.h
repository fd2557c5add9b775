/// @file
/// Gives the sockets of stopped calls keepalive, from outside their process.
#pragma once

#include <sys/types.h>

#include "command/supervisor/notification.h"
#include "keepalive/settings.h"

namespace keepalive::command {

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

}  // namespace keepalive::command
