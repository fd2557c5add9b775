#include "keepalive/tcp.h"

namespace keepalive {
namespace {

// -1 on failure; valid values are never negative.
int socket_property(int fd, int property) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, property, &value, &size) == 0 ? value : -1;
}

}  // namespace

bool is_tcp(int fd) {
  // Ask for the protocol first: one call rules out almost all other sockets. Raw sockets can have protocol TCP, so
  // check domain and type too.
  const int protocol = socket_property(fd, SO_PROTOCOL);
  return (protocol == IPPROTO_TCP || protocol == protocol_mptcp) &&
         is_tcp(socket_property(fd, SO_DOMAIN), socket_property(fd, SO_TYPE), protocol);
}

}  // namespace keepalive
