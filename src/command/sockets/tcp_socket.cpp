#include "command/sockets/tcp_socket.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>

#include "command/cli/printable.h"
#include "keepalive/tcp.h"

namespace keepalive::command {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Asks through the socket: the answer is then from the socket's network namespace, not from that of this process.
std::string interface_name(int fd, unsigned index) {
  ifreq request{};
  request.ifr_ifindex = static_cast<int>(index);
  const std::string name = ioctl(fd, SIOCGIFNAME, &request) == 0
                               ? std::string(request.ifr_name, strnlen(request.ifr_name, sizeof request.ifr_name))
                               : "";
  // The number is what can be typed, if the name cannot.
  return !name.empty() && std::all_of(name.begin(), name.end(), is_printable) ? name : std::to_string(index);
}

// @param fd of the socket, @param six the address, or a sockaddr_in, as the family says.
std::optional<Address> address_in(int fd, const sockaddr_in6& six) {
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (six.sin6_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &six, sizeof four);
    if (inet_ntop(AF_INET, &four.sin_addr, host.data(), host.size()) == nullptr) return std::nullopt;
    return Address{host.data(), ntohs(four.sin_port)};
  }
  if (six.sin6_family != AF_INET6 || inet_ntop(AF_INET6, &six.sin6_addr, host.data(), host.size()) == nullptr) {
    return std::nullopt;
  }
  Address address{host.data(), ntohs(six.sin6_port)};
  if (six.sin6_scope_id != 0) address.host.append("%").append(interface_name(fd, six.sin6_scope_id));
  return address;
}

using AddressCall = decltype(&getsockname);

std::optional<Address> address_of(int fd, AddressCall call) {
  sockaddr_in6 address{};
  socklen_t size = sizeof address;
  if (call(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  return address_in(fd, address);
}

// In the other states there is no peer that could be probed.
bool can_probe(int state) { return state != TCP_LISTEN && state != TCP_CLOSE && state != TCP_SYN_SENT; }

}  // namespace

std::optional<TcpSocket> inspect_socket(int fd, int number, SocketDumps* dumps) {
  if (!is_tcp(fd)) return std::nullopt;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) info = {};

  TcpSocket socket;
  socket.fd = number;
  socket.is_mptcp = int_option(fd, SOL_SOCKET, SO_PROTOCOL) == protocol_mptcp;
  socket.state = info.tcpi_state;
  socket.local = address_of(fd, getsockname).value_or(Address{});
  socket.peer = address_of(fd, getpeername);
  const DumpedSocket* const dumped = dumps != nullptr && socket.state != TCP_CLOSE ? dumps->find(fd) : nullptr;
  if (socket.state == TCP_SYN_SENT && dumped != nullptr) socket.peer = address_in(fd, dumped->peer);
  if (dumped != nullptr) socket.cgroup = dumped->cgroup;
  socket.keepalive = int_option(fd, SOL_SOCKET, SO_KEEPALIVE) == 1;
  for (std::size_t i = 0; i < options.size(); ++i) socket.values[i] = int_option(fd, IPPROTO_TCP, options[i].number);
  if (socket.keepalive && can_probe(socket.state)) {
    socket.next_probe = time_to_next_probe({
        .idle = seconds(socket.values[option_index(TCP_KEEPIDLE)]),
        .interval = seconds(socket.values[option_index(TCP_KEEPINTVL)]),
        .silence = milliseconds(std::min(info.tcpi_last_data_recv, info.tcpi_last_ack_recv)),
        .unanswered_probes = info.tcpi_probes,
        .has_unacknowledged_data = info.tcpi_unacked > 0,
        .timer = dumped != nullptr ? std::optional(dumped->timer) : std::nullopt,
    });
  }
  return socket;
}

const char* state_name(int state) {
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

}  // namespace keepalive::command
