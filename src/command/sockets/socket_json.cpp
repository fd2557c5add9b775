#include "command/sockets/socket_json.h"

#include <optional>

#include "command/cli/json.h"
#include "keepalive/options.h"

namespace keepalive::command {
namespace {

std::string json_address(const std::string& key, const std::optional<Address>& address) {
  const std::string host = address ? json_string(address->host) : "null";
  const std::string port = address ? std::to_string(address->port) : "null";
  return "\"" + key + "_address\": " + host + ", \"" + key + "_port\": " + port + ", ";
}

}  // namespace

std::string socket_json(const ProcessSocket& found) {
  const TcpSocket& socket = found.socket;
  std::string text =
      "{\"pid\": " + std::to_string(found.pid) + ", \"process\": " + json_string(found.process) +
      ", \"fd\": " + std::to_string(socket.fd) + ", \"protocol\": " + (socket.is_mptcp ? "\"mptcp\"" : "\"tcp\"") +
      ", \"state\": " + json_string(state_name(socket.state)) + ", " + json_address("local", socket.local) +
      json_address("peer", socket.peer) + "\"keepalive\": " + (socket.keepalive ? "true" : "false");
  for (std::size_t i = 0; i < options.size(); ++i) {
    const int value = socket.values[i];
    text += ", \"" + json_key(options[i]) + "\": " + (value > 0 ? std::to_string(value) : "null");
  }
  text += ", \"next_probe_ms\": " + (socket.next_probe ? std::to_string(socket.next_probe->count()) : "null");
  return text + "}";
}

}  // namespace keepalive::command
