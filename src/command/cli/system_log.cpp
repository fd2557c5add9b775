#include "command/cli/system_log.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <array>

#include "keepalive/descriptor.h"
#include "keepalive/line.h"

namespace keepalive::command {
namespace {

constexpr std::string_view priority = "<28>";
static_assert((LOG_DAEMON | LOG_WARNING) == 28);

iovec part_of(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

// syslog(3) would wait as long as nobody reads /dev/log, and the program's call with it.
void write_to_system_log(std::string_view line) {
  const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{AF_UNIX, _PATH_LOG};
  std::array<iovec, 2> parts{part_of(priority), part_of(line)};
  msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = sizeof address;
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  sendmsg(socket.get(), &message, MSG_NOSIGNAL);
}

void log_own_line(const std::string& text) {
  Line line;
  line.add("keepalive[").add(getpid()).add("]: ").add(text.c_str());
  write_to_system_log(line.text());
}

}  // namespace keepalive::command
