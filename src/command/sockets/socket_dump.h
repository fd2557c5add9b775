/// @file
/// What the kernel tells only in a dump of all sockets, as sock_diag(7) makes it (include/uapi/linux/inet_diag.h).
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <map>

#include "command/sockets/timers.h"

namespace keepalive::command {

struct DumpedSocket {
  Timer timer;
  sockaddr_in6 peer{};       ///< or a sockaddr_in, as the family says; unlike getpeername(2) also while connecting
  std::uint64_t cgroup = 0;  ///< ID of its cgroup v2: the inode of the folder; 0 before Linux 5.9
};

/// The TCP sockets of this network namespace, by inode.
using SocketDump = std::map<unsigned long, DumpedSocket>;

/// One netlink dump for each address family. Empty if the kernel does not answer.
SocketDump dump_sockets();

}  // namespace keepalive::command
