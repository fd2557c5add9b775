#include "command/sockets/socket_dump.h"

#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "command/cli/error.h"
#include "keepalive/descriptor.h"

namespace keepalive::command {
namespace {

// Asks for all TCP sockets of an address family.
bool ask(int netlink, int family) {
  struct {
    nlmsghdr header;
    inet_diag_req_v2 question;
  } request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.question.sdiag_family = static_cast<unsigned char>(family);
  request.question.sdiag_protocol = IPPROTO_TCP;
  request.question.idiag_states = ~0U;
  return send(netlink, &request, sizeof request, 0) == static_cast<ssize_t>(sizeof request);
}

sockaddr_in6 peer_of(const inet_diag_msg& found) {
  sockaddr_in6 peer{};
  if (found.idiag_family == AF_INET) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = found.id.idiag_dport;
    four.sin_addr.s_addr = found.id.idiag_dst[0];
    std::memcpy(&peer, &four, sizeof four);
    return peer;
  }
  peer.sin6_family = AF_INET6;
  peer.sin6_port = found.id.idiag_dport;
  std::memcpy(&peer.sin6_addr, found.id.idiag_dst, sizeof peer.sin6_addr);
  if (IN6_IS_ADDR_LINKLOCAL(&peer.sin6_addr)) peer.sin6_scope_id = found.id.idiag_if;
  return peer;
}

// @param message begins with an inet_diag_msg; attributes follow.
std::uint64_t cgroup_of(const char* message, std::size_t size) {
  constexpr unsigned short cgroup_attribute = 21;  // INET_DIAG_CGROUP_ID, absent from older headers
  std::size_t at = NLMSG_ALIGN(sizeof(inet_diag_msg));
  while (at + sizeof(nlattr) <= size) {
    nlattr attribute{};
    std::memcpy(&attribute, message + at, sizeof attribute);
    std::uint64_t id = 0;
    if (attribute.nla_len < sizeof attribute || attribute.nla_len > size - at) break;
    if (attribute.nla_type == cgroup_attribute && attribute.nla_len == sizeof attribute + sizeof id) {
      std::memcpy(&id, message + at + sizeof attribute, sizeof id);
      return id;
    }
    at += NLMSG_ALIGN(attribute.nla_len);
  }
  return 0;
}

// Adds what the answer holds; false at its end. Written by hand: NLMSG_OK and NLMSG_NEXT trigger -Wold-style-cast.
bool take(const char* answer, std::size_t size, SocketDump& dump) {
  while (size >= NLMSG_HDRLEN) {
    nlmsghdr header{};
    std::memcpy(&header, answer, sizeof header);
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || header.nlmsg_len > size) return false;  // NLMSG_DONE, NLMSG_ERROR
    if (header.nlmsg_len < NLMSG_HDRLEN + sizeof(inet_diag_msg)) return false;
    inet_diag_msg found{};
    std::memcpy(&found, answer + NLMSG_HDRLEN, sizeof found);
    const Timer timer{static_cast<Timer::Kind>(found.idiag_timer), std::chrono::milliseconds(found.idiag_expires)};
    const std::uint64_t cgroup = cgroup_of(answer + NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
    dump[found.idiag_inode] = {timer, peer_of(found), cgroup};
    const std::size_t step = std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), size);
    answer += step;
    size -= step;
  }
  return true;
}

Descriptor open_netlink() { return Descriptor(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)); }

// A netlink socket belongs to the network namespace in which it was made. None without CAP_SYS_ADMIN.
Descriptor open_netlink_in(int network) {
  const Descriptor own(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (own.get() < 0 || setns(network, CLONE_NEWNET) != 0) return Descriptor();
  Descriptor netlink = open_netlink();
  if (setns(own.get(), CLONE_NEWNET) != 0) {
    throw Error(status_partly, "cannot return to the own network namespace: " + describe_error(errno));
  }
  return netlink;
}

// Empty if the kernel does not answer.
SocketDump dump_by(const Descriptor& netlink) {
  SocketDump dump;
  for (const int family : {AF_INET, AF_INET6}) {
    if (!ask(netlink.get(), family)) continue;
    std::array<char, 32768> answer;
    ssize_t size = 0;
    do {
      size = recv(netlink.get(), answer.data(), answer.size(), 0);
    } while (size > 0 && take(answer.data(), static_cast<std::size_t>(size), dump));
  }
  return dump;
}

ino_t inode_of(int fd) {
  struct stat file {};
  return fstat(fd, &file) == 0 ? file.st_ino : 0;
}

}  // namespace

SocketDumps::SocketDumps() : own_(dump_by(open_netlink())) {}

const DumpedSocket* SocketDumps::find(int fd) {
  const ino_t inode = inode_of(fd);
  const auto find_in = [&](const SocketDump& dump) {
    const auto found = dump.find(inode);
    return found != dump.end() ? &found->second : nullptr;
  };
  if (const DumpedSocket* const found = find_in(own_)) return found;
  const Descriptor network(ioctl(fd, SIOCGSKNS));
  if (network.get() < 0) return nullptr;
  const auto [other, is_new] = others_.try_emplace(inode_of(network.get()));
  if (is_new) other->second = dump_by(open_netlink_in(network.get()));
  return find_in(other->second);
}

}  // namespace keepalive::command
