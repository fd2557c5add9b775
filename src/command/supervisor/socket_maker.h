/// @file
/// Makes the socket that a stopped socket(2) call would have made.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <string>

#include "command/supervisor/caller.h"
#include "keepalive/descriptor.h"

namespace keepalive::command {

/// The arguments of socket(2).
struct SocketArguments {
  int domain = 0;
  int type = 0;
  int protocol = 0;
};

/// A socket, or the reason why the kernel has to make it.
struct MadeSocket {
  Descriptor socket;
  const char* obstacle = nullptr;  ///< as in "no keepalive: <obstacle>"; null if there is none, but socket(2) can fail
};

/// Makes a socket only if the caller itself would get the same one: in the same network namespace and cgroups, with the
/// same security label, of the same user and groups. If this process has the right, it takes on the caller's user and
/// groups while it makes the socket. Safe to use from several threads.
class SocketMaker {
 public:
  /// Reads this process's own network namespace, cgroups, label and user.
  SocketMaker() : SocketMaker(Caller(getpid())) {}

  /// In this process the socket is close-on-exec, whatever the arguments say.
  MadeSocket make(pid_t thread, const SocketArguments& arguments);

  /// What /proc/THREAD/status tells; none if the thread has ended.
  std::optional<ThreadStatus> status_of(pid_t thread);

 private:
  explicit SocketMaker(const Caller& self);
  const char* find_obstacle(pid_t thread, Identity& identity);
  [[nodiscard]] const char* compare(const Caller& caller, Identity& identity, bool& has_ended) const;

  std::optional<ino_t> own_network_;
  std::optional<std::string> own_cgroups_;
  std::optional<std::string> own_label_;  ///< none if the kernel has no labels
  Identity own_identity_;
  Callers callers_;
};

}  // namespace keepalive::command
