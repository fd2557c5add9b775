#include "keepalive/tcp.h"

namespace keepalive {

bool is_tcp(int fd) {
  // Ask for the protocol first: one call rules out almost all other sockets. Raw sockets can have protocol TCP, so
  // check domain and type too.
  const int protocol = int_option(fd, SOL_SOCKET, SO_PROTOCOL);
  return (protocol == IPPROTO_TCP || protocol == protocol_mptcp) &&
         is_tcp(int_option(fd, SOL_SOCKET, SO_DOMAIN), int_option(fd, SOL_SOCKET, SO_TYPE), protocol);
}

}  // namespace keepalive
