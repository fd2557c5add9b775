#include "open_sockets.h"

#include <unistd.h>

#include <chrono>
#include <sstream>
#include <thread>

#include "command/sockets/process.h"
#include "command/sockets/tcp_socket.h"
#include "process.h"

namespace support {
namespace {

namespace command = keepalive::command;

int value_of(const command::TcpSocket& socket, int number) { return socket.value.at(keepalive::option_index(number)); }

}  // namespace

std::vector<TcpSocket> tcp_sockets_of(pid_t pid) {
  std::vector<TcpSocket> sockets;
  const command::Process process(pid);
  int error = process.error();
  if (error != 0) return sockets;
  for (const int fd : command::socket_descriptors(pid, error)) {
    const keepalive::Descriptor copy = process.copy_of(fd);
    const auto socket = command::look_at_socket(copy.get(), fd, {});
    if (!socket) continue;
    sockets.push_back({fd, socket->state, socket->local.port, socket->keepalive ? 1 : 0, value_of(*socket, TCP_KEEPCNT),
                       value_of(*socket, TCP_KEEPIDLE), value_of(*socket, TCP_KEEPINTVL),
                       value_of(*socket, TCP_USER_TIMEOUT)});
  }
  return sockets;
}

std::vector<pid_t> group_members(pid_t group) {
  std::vector<pid_t> members;
  for (const pid_t pid : command::all_processes()) {
    if (getpgid(pid) == group) members.push_back(pid);
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
