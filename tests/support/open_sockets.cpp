#include "open_sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "descriptor.h"
#include "process.h"

namespace support {
namespace {

namespace fs = std::filesystem;

constexpr int sys_pidfd_getfd = 438;  // the same number on every architecture; absent from older headers

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

int state_of(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_state : -1;
}

int local_port_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return -1;
  // The port stands at the same place in both families.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

std::optional<int> number_in(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::vector<TcpSocket> tcp_sockets_of(pid_t pid) {
  std::vector<TcpSocket> sockets;
  const Descriptor process(syscall(SYS_pidfd_open, pid, 0));
  if (process.get() < 0) return sockets;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd", gone)) {
    const std::string target = fs::read_symlink(entry.path(), gone).string();
    const std::optional<int> number = number_in(entry.path().filename().string());
    if (target.rfind("socket:", 0) != 0 || !number) continue;
    const Descriptor copy(syscall(sys_pidfd_getfd, process.get(), *number, 0));
    const int fd = copy.get();
    const int domain = option(fd, SOL_SOCKET, SO_DOMAIN);
    if ((domain != AF_INET && domain != AF_INET6) || option(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM) continue;
    sockets.push_back({*number, state_of(fd), local_port_of(fd), option(fd, SOL_SOCKET, SO_KEEPALIVE),
                       option(fd, IPPROTO_TCP, TCP_KEEPCNT), option(fd, IPPROTO_TCP, TCP_KEEPIDLE),
                       option(fd, IPPROTO_TCP, TCP_KEEPINTVL), option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT)});
  }
  return sockets;
}

std::vector<pid_t> group_members(pid_t group) {
  std::vector<pid_t> members;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator("/proc", gone)) {
    const std::optional<int> pid = number_in(entry.path().filename().string());
    if (pid && getpgid(*pid) == group) members.push_back(*pid);
  }
  return members;
}

std::optional<TcpSocket> wait_for_tcp_socket(pid_t group, int state) {
  const auto deadline = std::chrono::steady_clock::now() + Process::patience;
  while (std::chrono::steady_clock::now() < deadline) {
    const std::vector<pid_t> members = group_members(group);
    if (members.empty()) return std::nullopt;
    for (const pid_t member : members) {
      for (const TcpSocket& socket : tcp_sockets_of(member)) {
        if (socket.state == state) return socket;
      }
    }
    // Nothing tells an outsider that a socket has changed its state.
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return std::nullopt;
}

std::string options_text(const TcpSocket& socket) {
  std::ostringstream text;
  text << "SO_KEEPALIVE=" << socket.keepalive << " TCP_KEEPCNT=" << socket.count << " TCP_KEEPIDLE=" << socket.idle
       << " TCP_KEEPINTVL=" << socket.interval << " TCP_USER_TIMEOUT=" << socket.user_timeout;
  return text.str();
}

}  // namespace support
