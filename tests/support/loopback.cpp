#include "loopback.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "process.h"

namespace support {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

Listener::Listener(int backlog) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (bind(fd_.get(), generic, size) != 0 || listen(fd_.get(), backlog) != 0 ||
      getsockname(fd_.get(), generic, &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "a listener on loopback");
  }
  port_ = ntohs(address.sin_port);
}

Descriptor Listener::accept() const {
  pollfd waiting{fd_.get(), POLLIN, 0};
  const int limit = static_cast<int>(std::chrono::milliseconds(Process::patience).count());
  return Descriptor(poll(&waiting, 1, limit) == 1 ? accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC) : -1);
}

Descriptor connect_to(int port) {
  Descriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Descriptor();
  return fd;
}

int free_port() { return Listener().port(); }

}  // namespace support
