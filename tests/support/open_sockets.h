/// @file
/// The sockets of another process and their options, looked at from outside: the process cooperates in nothing.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace support {

/// A TCP socket of a process. Option values as getsockopt(2) gives them.
struct TcpSocket {
  int fd;
  int state;  ///< TCP_ESTABLISHED, TCP_LISTEN ...
  int local_port;
  int keepalive;
  int count;
  int idle;
  int interval;
  int user_timeout;
};

/// All TCP sockets of the process (pidfd_getfd, Linux 5.6). Empty once it has ended.
std::vector<TcpSocket> tcp_sockets_of(pid_t pid);

/// The processes of a process group.
std::vector<pid_t> group_members(pid_t group);

/// Waits until a process of the group has a TCP socket in the given state; none when time runs out or the group is
/// gone.
std::optional<TcpSocket> wait_for_tcp_socket(pid_t group, int state);

/// `SO_KEEPALIVE=1 TCP_KEEPCNT=20 TCP_KEEPIDLE=180 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=0`
std::string options_text(const TcpSocket& socket);

}  // namespace support
