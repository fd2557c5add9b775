#include "command/sockets/tcp_socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#include "keepalive/tcp.h"

namespace keepalive::command {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

int option(int fd, int level, int number) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, number, &value, &size) == 0 ? value : -1;
}

using AddressCall = decltype(&getsockname);

std::optional<Address> address(int fd, AddressCall call) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* const generic = reinterpret_cast<sockaddr*>(&storage);
  if (call(fd, generic, &size) != 0) return std::nullopt;
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (getnameinfo(generic, size, host.data(), host.size(), port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) !=
      0) {
    return std::nullopt;
  }
  return Address{host.data(), std::stoi(port.data())};
}

std::optional<Timer> timer_of(int fd, const Timers& timers) {
  struct stat file {};
  if (fstat(fd, &file) != 0) return std::nullopt;
  const auto found = timers.find(file.st_ino);
  return found != timers.end() ? std::optional(found->second) : std::nullopt;
}

// These have no peer that could be probed.
bool can_probe(int state) { return state != TCP_LISTEN && state != TCP_CLOSE && state != TCP_SYN_SENT; }

}  // namespace

std::optional<TcpSocket> look_at_socket(int fd, int number, const Timers& timers) {
  if (!is_tcp(fd)) return std::nullopt;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) info = {};

  TcpSocket socket;
  socket.fd = number;
  socket.is_mptcp = option(fd, SOL_SOCKET, SO_PROTOCOL) == protocol_mptcp;
  socket.state = info.tcpi_state;
  socket.local = address(fd, getsockname).value_or(Address{});
  socket.peer = address(fd, getpeername);
  socket.keepalive = option(fd, SOL_SOCKET, SO_KEEPALIVE) == 1;
  for (std::size_t i = 0; i < options.size(); ++i) socket.value[i] = option(fd, IPPROTO_TCP, options[i].number);
  if (socket.keepalive && can_probe(socket.state)) {
    socket.next_probe = time_to_next_probe({
        .idle = seconds(socket.value[option_index(TCP_KEEPIDLE)]),
        .interval = seconds(socket.value[option_index(TCP_KEEPINTVL)]),
        .silence = milliseconds(std::min(info.tcpi_last_data_recv, info.tcpi_last_ack_recv)),
        .unanswered_probes = info.tcpi_probes,
        .has_unacknowledged_data = info.tcpi_unacked > 0,
        .timer = timer_of(fd, timers),
    });
  }
  return socket;
}

const char* name_of_state(int state) {
  switch (state) {
    case TCP_ESTABLISHED:
      return "ESTAB";
    case TCP_SYN_SENT:
      return "SYN-SENT";
    case TCP_SYN_RECV:
      return "SYN-RECV";
    case TCP_FIN_WAIT1:
      return "FIN-WAIT-1";
    case TCP_FIN_WAIT2:
      return "FIN-WAIT-2";
    case TCP_TIME_WAIT:
      return "TIME-WAIT";
    case TCP_CLOSE:
      return "UNCONN";
    case TCP_CLOSE_WAIT:
      return "CLOSE-WAIT";
    case TCP_LAST_ACK:
      return "LAST-ACK";
    case TCP_LISTEN:
      return "LISTEN";
    case TCP_CLOSING:
      return "CLOSING";
    default:
      return "?";
  }
}

std::string text_of(const std::optional<Address>& address) {
  if (!address) return "*";
  const bool has_colons = address->host.find(':') != std::string::npos;
  return (has_colons ? "[" + address->host + "]" : address->host) + ":" + std::to_string(address->port);
}

}  // namespace keepalive::command
