/// @file
/// What counts as a TCP socket. Sockets of all kinds accept SO_KEEPALIVE without an error (socket(7)), so a mistake in
/// here would go unnoticed.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

namespace keepalive {

/// IPPROTO_MPTCP: Linux 5.6; absent from the headers of glibc before 2.32.
inline constexpr int protocol_mptcp = 262;

/// Whether socket(domain, type, protocol) makes a TCP (or MPTCP) socket. `type` may carry SOCK_CLOEXEC and
/// SOCK_NONBLOCK (socket(2)).
constexpr bool is_tcp(int domain, int type, int protocol) {
  const bool internet = domain == AF_INET || domain == AF_INET6;
  if (!internet || (type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) != SOCK_STREAM) return false;
  if (protocol == 0) [[likely]]
    return true;
  return protocol == IPPROTO_TCP || protocol == protocol_mptcp;
}

/// The value of an option that is an int; -1 if the kernel does not tell it. May change errno.
inline int int_option(int fd, int level, int number) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, number, &value, &size) == 0 ? value : -1;
}

/// Whether an open descriptor is a TCP (or MPTCP) socket. Asks the kernel, one call for most sockets that are not,
/// three for those that are (SO_PROTOCOL, SO_DOMAIN: Linux 2.6.32). False if the kernel does not answer.
/// May change errno.
bool is_tcp(int fd);

/// Whether a peer address of this length, as accept(2) reports it, can be that of a TCP socket. The kernel reports the
/// full length even if the caller's buffer is shorter.
constexpr bool is_tcp_address_length(socklen_t length) {
  return length == sizeof(sockaddr_in) || length == sizeof(sockaddr_in6);
}

}  // namespace keepalive
