/// @file
/// A TCP socket and its keepalive, as found through a descriptor.
#pragma once

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "command/sockets/timers.h"
#include "keepalive/options.h"

namespace keepalive::command {

/// One end of a connection.
struct Address {
  std::string host;  ///< as numbers; IPv4 also where the socket is an IPv6 one (::ffff:1.2.3.4)
  int port = 0;
};

struct TcpSocket {
  int fd = -1;  ///< in its process
  bool is_mptcp = false;
  int state = 0;  ///< TCP_ESTABLISHED ..., netinet/tcp.h
  Address local;
  std::optional<Address> peer;  ///< none where it is not connected
  bool keepalive = false;
  std::array<int, options.size()> value{};              ///< by row of `options`; -1 where the kernel does not tell
  std::optional<std::chrono::milliseconds> next_probe;  ///< none where no probe is due
};

/// What stands behind a descriptor; none where it is no TCP socket.
/// @param fd here, @param number of the descriptor in its process.
std::optional<TcpSocket> look_at_socket(int fd, int number, const Timers& timers);

/// As ss(8) names them: ESTAB, LISTEN ...
const char* name_of_state(int state);

/// `127.0.0.1:80`, `[::1]:80`, `*` for no peer.
std::string text_of(const std::optional<Address>& address);

}  // namespace keepalive::command
