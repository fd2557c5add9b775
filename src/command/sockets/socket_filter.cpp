#include "command/sockets/socket_filter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <climits>

#include "command/cli/error.h"
#include "command/cli/number.h"
#include "command/cli/printable.h"
#include "command/sockets/socket_table.h"

namespace keepalive::command {
namespace {

// The address in the form in which addresses of sockets are shown; empty if the text is none.
std::string canonical(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> binary{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, text.c_str(), binary.data()) == 1) {
      return inet_ntop(family, binary.data(), canonical.data(), canonical.size());
    }
  }
  return "";
}

bool is_port(const std::optional<int>& number) { return number && *number >= 1 && *number <= 65535; }

bool is_peer(const Peer& peer, const Address& address) {
  const bool same_host = address.host == peer.host || address.host == "::ffff:" + peer.host ||
                         address.host.substr(0, address.host.find('%')) == peer.host;
  return same_host && (!peer.port || address.port == *peer.port);
}

}  // namespace

Peer parse_peer(const std::string& text) {
  Peer peer{text, {}};
  const std::size_t colon = text.rfind(':');
  const bool bracketed = !text.empty() && text[0] == '[';
  const bool has_port = bracketed ? colon != std::string::npos && colon > text.find(']')
                                  : colon != std::string::npos && text.find(':') == colon;
  if (has_port) {
    peer.port = whole_number(text.substr(colon + 1));
    if (!is_port(peer.port)) {
      throw Error(status_usage, "--peer " + quoted(text) + ": its port is not a whole number from 1 to 65535");
    }
    peer.host = text.substr(0, colon);
  }
  std::string& host = peer.host;
  if (bracketed && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::size_t zone = host.find('%');  // as in fe80::1%eth0, which is how such an address is shown
  const std::string address = canonical(host.substr(0, zone));
  host = address.empty() || zone == std::string::npos ? address : address + host.substr(zone);
  if (host.empty()) {
    const std::string hint = suggest_peer(text);
    throw Error(status_usage, "--peer " + quoted(text) + ": not a numeric address" +
                                  (hint.empty() ? ", as in 10.1.2.3, 10.1.2.3:5432, [fd00::1]:5432" : hint));
  }
  return peer;
}

std::string suggest_peer(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || text.find(':') == colon) return "";
  const std::string host = text.substr(0, colon);
  const std::optional<int> port = whole_number(text.substr(colon + 1));
  if (canonical(host.substr(0, host.find('%'))).empty() || !is_port(port)) return "";
  return "; did you mean --peer [" + host + "]:" + std::to_string(*port) + "?";
}

bool Filter::matches(const TcpSocket& socket) const {
  if (fd && socket.fd != *fd) return false;
  if (port && socket.local.port != *port && !(socket.peer && socket.peer->port == *port)) return false;
  if (peer && !(socket.peer && is_peer(*peer, *socket.peer))) return false;
  return !unprotected || is_unprotected(socket, *unprotected);
}

std::string Filter::describe_no_match() const {
  const bool is_filtered = peer || port || fd;
  if (!unprotected) return is_filtered ? "no TCP socket matches" + peer_hint : "no TCP sockets";
  return std::string(is_filtered ? "no matching" : "no established") + " connection stays without a probe for " +
         exact_time_text(static_cast<int>(unprotected->count())) + peer_hint;
}

std::vector<Flag> filter_flags(Filter& filter) {
  return {
      {"peer", "ADDR[:PORT]", "only connections with this peer (an IPv6 address with a port: [ADDR]:PORT)",
       [&](const auto& text) {
         filter.peer = parse_peer(text);
         filter.peer_hint = suggest_peer(text);
       }},
      {"port", "N", "only sockets with this port at either end",
       [&](const auto& text) { filter.port = parse_whole_number("port", text, 1, 65535); }},
      {"fd", "N", "only this descriptor",
       [&](const auto& text) { filter.fd = parse_whole_number("fd", text, 0, INT_MAX); }},
  };
}

bool is_unprotected(const TcpSocket& socket, std::chrono::seconds timeout) {
  if (socket.state != TCP_ESTABLISHED) return false;
  const auto comes_in_time = [&](int option) {
    const int value = socket.values[option_index(option)];
    return value > 0 && std::chrono::seconds(value) < timeout;
  };
  return !socket.keepalive || !comes_in_time(TCP_KEEPIDLE) || !comes_in_time(TCP_KEEPINTVL);
}

}  // namespace keepalive::command
