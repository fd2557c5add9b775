#include "keepalive/tcp.h"

namespace keepalive {
namespace {

// Every protocol, type and domain is a non-negative number.
int socket_property(int fd, int property) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, property, &value, &size) == 0 ? value : -1;
}

}  // namespace

bool is_tcp(int fd) {
  // The protocol first: it alone tells almost everything else apart. A raw socket may have TCP's, hence the rest.
  const int protocol = socket_property(fd, SO_PROTOCOL);
  return (protocol == IPPROTO_TCP || protocol == protocol_mptcp) &&
         is_tcp(socket_property(fd, SO_DOMAIN), socket_property(fd, SO_TYPE), protocol);
}

}  // namespace keepalive
