#include "command/supervisor/channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "command/cli/error.h"

namespace keepalive::command {
namespace {

/// Room for a control message with one descriptor.
union Control {
  cmsghdr header;
  std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};

}  // namespace

std::pair<Channel, Channel> Channel::make() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw Error(status_cannot_run, std::string("no descriptors for the supervisor: ") + describe_error(errno));
  }
  std::pair<Channel, Channel> channels{Channel(ends[0]), Channel(ends[1])};
  channels.first.move_up();
  channels.second.move_up();
  return channels;
}

void Channel::move_up() {
  if (get() <= STDERR_FILENO) descriptor_ = Descriptor(fcntl(get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

bool Channel::send(const Message& message, int fd) const {
  Message copy = message;
  iovec bytes{&copy, sizeof copy};
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  Control control{};
  if (fd >= 0) {
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    header.msg_control = &control;
    header.msg_controllen = sizeof control;
  }
  return sendmsg(get(), &header, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof copy);
}

std::optional<Message> Channel::receive(Descriptor* fd) const {
  Message message;
  iovec bytes{&message, sizeof message};
  Control control{};
  msghdr header{};
  header.msg_iov = &bytes;
  header.msg_iovlen = 1;
  header.msg_control = &control;
  header.msg_controllen = sizeof control;
  ssize_t size = 0;
  do {
    size = recvmsg(get(), &header, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size != static_cast<ssize_t>(sizeof message)) return std::nullopt;
  if (fd != nullptr && header.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_type == SCM_RIGHTS) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(&control.header), sizeof number);
    *fd = Descriptor(number);
  }
  return message;
}

}  // namespace keepalive::command
