#include "open_sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <sstream>

#include "eventually.h"
#include "keepalive/descriptor.h"

namespace support {
namespace {

using keepalive::Descriptor;

// Absent from older headers; the same numbers on every architecture.
constexpr long sys_pidfd_getfd = 438;  // Linux 5.6
constexpr int ipproto_mptcp = 262;

// The entries of a folder under /proc whose names are numbers. Empty if the folder is gone.
std::vector<int> numbers_in(const std::string& folder) {
  std::vector<int> numbers;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (const std::filesystem::directory_iterator end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    int number = 0;
    const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (wrong == std::errc() && *rest == '\0') numbers.push_back(number);
  }
  return numbers;
}

int option_of(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

bool is_tcp(int fd) {
  const int protocol = option_of(fd, SOL_SOCKET, SO_PROTOCOL);
  const int domain = option_of(fd, SOL_SOCKET, SO_DOMAIN);
  return option_of(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM && (domain == AF_INET || domain == AF_INET6) &&
         (protocol == IPPROTO_TCP || protocol == ipproto_mptcp);
}

int state_of(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_state : -1;
}

int local_port_of(int fd) {
  sockaddr_in6 address{};  // in sockaddr_in the port has the same offset
  socklen_t size = sizeof address;
  return getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? ntohs(address.sin6_port) : -1;
}

}  // namespace

std::vector<TcpSocket> tcp_sockets_of(pid_t pid) {
  std::vector<TcpSocket> sockets;
  const Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  for (const int fd : numbers_in("/proc/" + std::to_string(pid) + "/fd")) {
    const Descriptor copy(static_cast<int>(syscall(sys_pidfd_getfd, process.get(), fd, 0)));
    if (!is_tcp(copy.get())) continue;
    TcpSocket socket;
    socket.keepalive = option_of(copy.get(), SOL_SOCKET, SO_KEEPALIVE);
    socket.count = option_of(copy.get(), IPPROTO_TCP, TCP_KEEPCNT);
    socket.idle = option_of(copy.get(), IPPROTO_TCP, TCP_KEEPIDLE);
    socket.interval = option_of(copy.get(), IPPROTO_TCP, TCP_KEEPINTVL);
    socket.user_timeout = option_of(copy.get(), IPPROTO_TCP, TCP_USER_TIMEOUT);
    socket.fd = fd;
    socket.state = state_of(copy.get());
    socket.local_port = local_port_of(copy.get());
    sockets.push_back(socket);
  }
  return sockets;
}

std::vector<pid_t> group_members(pid_t group) {
  std::vector<pid_t> members;
  for (const pid_t pid : numbers_in("/proc")) {
    if (getpgid(pid) == group) members.push_back(pid);
  }
  return members;
}

std::optional<TcpSocket> wait_for_tcp_socket(pid_t group, int state) {
  std::optional<TcpSocket> found;
  eventually([&] {
    const std::vector<pid_t> members = group_members(group);
    for (const pid_t member : members) {
      for (const TcpSocket& socket : tcp_sockets_of(member)) {
        if (socket.state == state) found = socket;
      }
    }
    return found || members.empty();
  });
  return found;
}

std::string options_text(const SocketOptions& options) {
  std::ostringstream text;
  text << "SO_KEEPALIVE=" << options.keepalive << " TCP_KEEPCNT=" << options.count << " TCP_KEEPIDLE=" << options.idle
       << " TCP_KEEPINTVL=" << options.interval << " TCP_USER_TIMEOUT=" << options.user_timeout;
  return text.str();
}

}  // namespace support
