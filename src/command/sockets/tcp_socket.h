/// @file
/// A TCP socket and its keepalive, as found through a descriptor.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "command/sockets/socket_dump.h"
#include "keepalive/options.h"

namespace keepalive::command {

/// One end of a connection.
struct Address {
  /// As numbers; IPv4 also if the socket is an IPv6 one (::ffff:1.2.3.4). A link-local address has its interface as the
  /// socket's own network namespace names it, or that interface's number: fe80::1%eth0, fe80::1%2.
  std::string host;
  int port = 0;
};

struct TcpSocket {
  int fd = -1;  ///< in its process
  bool is_mptcp = false;
  int state = 0;  ///< TCP_ESTABLISHED ..., netinet/tcp.h
  Address local;
  std::optional<Address> peer;  ///< none if the socket is not connected
  bool keepalive = false;
  std::array<int, options.size()> values{};             ///< by row of `options`; -1 if the kernel does not tell
  std::optional<std::chrono::milliseconds> next_probe;  ///< none if no probe is due
  std::uint64_t cgroup = 0;                             ///< see DumpedSocket; 0: not known
};

/// Asks the kernel; none if the descriptor is no TCP socket.
/// @param fd here, @param number of the descriptor in its process, @param dumps null: not asked.
std::optional<TcpSocket> inspect_socket(int fd, int number, SocketDumps* dumps);

/// As ss(8) names them: ESTAB, LISTEN ...
const char* state_name(int state);

}  // namespace keepalive::command
