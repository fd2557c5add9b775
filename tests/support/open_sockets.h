/// @file
/// The sockets of another process and their options, read from outside, without any help of the process. Uses system
/// calls only, none of the product's code, so that a fault of the product cannot hide itself.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace support {

/// Options as getsockopt(2) returns them. The defaults are those of a new socket under the kernel's default settings.
struct SocketOptions {
  int keepalive = 0;
  int count = 9;         ///< TCP_KEEPCNT
  int idle = 7200;       ///< TCP_KEEPIDLE, seconds
  int interval = 75;     ///< TCP_KEEPINTVL, seconds
  int user_timeout = 0;  ///< TCP_USER_TIMEOUT, milliseconds
};

/// A TCP socket of a process.
struct TcpSocket : SocketOptions {
  int fd = -1;
  int state = 0;  ///< TCP_ESTABLISHED, TCP_LISTEN ...
  int local_port = 0;
};

/// All TCP sockets of the process (pidfd_getfd, Linux 5.6). Empty if the process has ended or may not be accessed.
std::vector<TcpSocket> tcp_sockets_of(pid_t pid);

/// The processes of a process group.
std::vector<pid_t> group_members(pid_t group);

/// Waits until a process of the group has a TCP socket in the given state. Empty if the time is over or the group has
/// ended.
std::optional<TcpSocket> wait_for_tcp_socket(pid_t group, int state);

/// `SO_KEEPALIVE=1 TCP_KEEPCNT=20 TCP_KEEPIDLE=180 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=0`
std::string options_text(const SocketOptions& options);

}  // namespace support
