/// @file
/// Which sockets `show` and `set` are asked about.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "command/cli/command_line.h"
#include "command/sockets/tcp_socket.h"

namespace keepalive::command {

/// The peer of a connection, as in `10.1.2.3`, `10.1.2.3:5432` or `[fe80::1%eth0]:5432`.
struct Peer {
  std::string host;         ///< as inet_ntop(3) writes it, with the zone that the user gave
  std::optional<int> port;  ///< none: any
};

/// Throws Error (status_usage) if the text is no numeric address.
Peer parse_peer(const std::string& text);

/// `; did you mean --peer [::1]:22?` for `::1:22`, which may be an address with a port, or an address alone; else
/// empty.
std::string suggest_peer(const std::string& text);

/// A socket has to match all that is given.
struct Filter {
  std::optional<Peer> peer;
  std::string peer_hint;                            ///< suggest_peer() for it: worth saying if nothing matches
  std::optional<int> port;                          ///< of either end
  std::optional<int> fd;                            ///< in its process
  std::optional<std::chrono::seconds> unprotected;  ///< is_unprotected()

  [[nodiscard]] bool matches(const TcpSocket& socket) const;

  /// `no TCP socket matches`, or what else to say if no socket was found.
  [[nodiscard]] std::string describe_no_match() const;
};

/// Flags --peer, --port and --fd, which fill `filter`.
std::vector<Flag> filter_flags(Filter& filter);

/// Whether a NAT with this timeout can forget the established connection: keepalive is off, or a probe, the first or a
/// later one, comes only after that time or just then. A value that the kernel does not tell counts as too long.
bool is_unprotected(const TcpSocket& socket, std::chrono::seconds timeout);

}  // namespace keepalive::command
