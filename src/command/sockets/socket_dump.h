/// @file
/// What the kernel tells only in a dump of all sockets, as sock_diag(7) makes it (include/uapi/linux/inet_diag.h).
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <cstdint>
#include <map>

#include "command/sockets/timers.h"

namespace keepalive::command {

struct DumpedSocket {
  Timer timer;
  sockaddr_in6 peer{};       ///< or a sockaddr_in, as the family says; unlike getpeername(2) also while connecting
  std::uint64_t cgroup = 0;  ///< ID of its cgroup v2: the inode of the folder; 0 before Linux 5.9
};

/// The TCP sockets of a network namespace, by inode.
using SocketDump = std::map<ino_t, DumpedSocket>;

/// Two netlink dumps for each network namespace that has sockets, IPv4 and IPv6.
class SocketDumps {
 public:
  /// Dumps the sockets of this network namespace.
  SocketDumps();

  /// Null if the kernel does not list the socket, or if it is in another network namespace and this command lacks
  /// CAP_NET_ADMIN and CAP_SYS_ADMIN there.
  const DumpedSocket* find(int fd);

 private:
  SocketDump own_;
  std::map<ino_t, SocketDump> others_;  ///< by the inode of the network namespace
};

}  // namespace keepalive::command
