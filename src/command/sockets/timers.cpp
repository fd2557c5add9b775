#include "command/sockets/timers.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "keepalive/descriptor.h"

namespace keepalive::command {
namespace {

using std::chrono::milliseconds;

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

// Adds what the answer holds; false at its end. Written by hand: NLMSG_OK and NLMSG_NEXT trigger -Wold-style-cast.
bool take(const char* answer, std::size_t size, Timers& timers) {
  while (size >= NLMSG_HDRLEN) {
    nlmsghdr header{};
    std::memcpy(&header, answer, sizeof header);
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || header.nlmsg_len > size) return false;  // NLMSG_DONE, NLMSG_ERROR
    if (header.nlmsg_len < NLMSG_HDRLEN + sizeof(inet_diag_msg)) return false;
    inet_diag_msg found{};
    std::memcpy(&found, answer + NLMSG_HDRLEN, sizeof found);
    timers[found.idiag_inode] = {static_cast<Timer::Kind>(found.idiag_timer), milliseconds(found.idiag_expires)};
    const std::size_t step = std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), size);
    answer += step;
    size -= step;
  }
  return true;
}

}  // namespace

Timers read_timers() {
  Timers timers;
  for (const int family : {AF_INET, AF_INET6}) {
    const Descriptor netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!ask(netlink.get(), family)) continue;
    std::array<char, 32768> answer;
    ssize_t size = 0;
    do {
      size = recv(netlink.get(), answer.data(), answer.size(), 0);
    } while (size > 0 && take(answer.data(), static_cast<std::size_t>(size), timers));
  }
  return timers;
}

std::optional<milliseconds> time_to_next_probe(const ProbeClock& clock) {
  if (clock.has_unacknowledged_data) return std::nullopt;
  if (clock.timer) {
    if (clock.timer->kind != Timer::Kind::keepalive) return std::nullopt;
    if (clock.unanswered_probes > 0) return clock.timer->expires;
    return std::max(clock.timer->expires, clock.idle - clock.silence);
  }
  if (clock.idle.count() <= 0 || clock.interval.count() <= 0) return std::nullopt;  // the kernel did not tell
  if (clock.silence < clock.idle) return clock.idle - clock.silence;
  // The first probe went out after `idle`, the others follow each `interval`.
  return clock.interval - (clock.silence - clock.idle) % milliseconds(clock.interval);
}

}  // namespace keepalive::command
