#include "command/supervisor/stopped_call.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "command/sockets/process.h"
#include "keepalive/apply.h"
#include "keepalive/tcp.h"
#include "keepalive/wording.h"

namespace keepalive::command {
namespace {

template <std::size_t count>
std::optional<std::array<std::uint32_t, count>> words_at(pid_t pid, std::uint64_t address) {
  std::array<std::uint32_t, count> words{};
  const iovec here{words.data(), sizeof words};
  iovec there{nullptr, sizeof words};
  std::memcpy(&there.iov_base, &address, sizeof there.iov_base);  // a pointer of the other process
  if (process_vm_readv(pid, &here, 1, &there, 1, 0) != static_cast<ssize_t>(sizeof words)) return std::nullopt;
  return words;
}

// socketcall(call, words): the words are 32-bit ones, for only such programs have it.
std::optional<Call> decode_socketcall(const seccomp_notif& stopped) {
  const auto which = static_cast<std::uint32_t>(stopped.data.args[0]);
  const auto pid = static_cast<pid_t>(stopped.pid);
  const auto fd = words_at<1>(pid, stopped.data.args[1]);
  if (!fd) return std::nullopt;
  const int number = static_cast<int>((*fd)[0]);
  if (which == socketcall_connect) return Call{"connect", number};
  if (which == socketcall_listen) return Call{"listen", number};
  return Call{"setsockopt", number};
}

std::optional<Call> decode(const seccomp_notif& stopped) {
  const auto number = static_cast<std::uint32_t>(stopped.data.nr);
  for (const SystemCalls& calls : known_system_calls) {
    if (stopped.data.arch != calls.architecture) continue;
    const int fd = static_cast<int>(stopped.data.args[0]);
    if (number == calls.connect) return Call{"connect", fd};
    if (number == calls.listen) return Call{"listen", fd};
    if (number == calls.socketcall) return decode_socketcall(stopped);
  }
  return std::nullopt;
}

// Whether setsockopt(fd, level, name, ...) through socketcall(2) would undo what the user asked for.
bool would_undo(const seccomp_notif& stopped, const Settings& settings) {
  const auto words = words_at<3>(static_cast<pid_t>(stopped.pid), stopped.data.args[1]);
  if (!words) return false;
  const auto [fd, level, name] = *words;
  return governs(settings, static_cast<int>(level), static_cast<int>(name));
}

// Whether connect(2) or listen(2) has still to begin its work: a later call only asks how it went.
bool is_unused(int fd) {
  unsigned char state = TCP_CLOSE;  // the first member of tcp_info; asked for alone
  socklen_t size = sizeof state;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &size) != 0 || state == TCP_CLOSE;
}

Line line_about(pid_t pid, const char* call, int fd) {
  Line line;
  line.add("keepalive[").add(pid).add("]: ").add(call).add(": descriptor ").add(fd).add(": ");
  return line;
}

// Dropped where it would block: the reader may be a program that waits for us.
void say(Line& line) {
  pollfd standard_error{STDERR_FILENO, POLLOUT, 0};
  if (poll(&standard_error, 1, 0) != 1 || (standard_error.revents & POLLOUT) == 0) return;
  const std::string_view text = line.finish();
  if (write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

}  // namespace

void Giver::give(int fd, pid_t pid, int number, const char* call) const {
  if (!is_tcp(fd)) return;
  const bool left_as_it_is = settings_.mode == Mode::on && has_keepalive(fd);
  Refusals refusals;
  if (!left_as_it_is) apply(fd, settings_, setsockopt, &refusals);
  if (!verbose_) return;
  Line line = line_about(pid, call, number);
  if (left_as_it_is) {
    line.add("keepalive is on already, left as it is");
  } else {
    describe_settings(settings_, &refusals, line);
  }
  say(line);
}

void Giver::report_unseen(pid_t pid, const Call& call, int error) const {
  if (!verbose_ || error == EBADF) return;
  Line line = line_about(pid, call.name, call.fd);
  line.add("can't be looked at, errno ").add(error);
  say(line);
}

void Giver::deal_with(Listener& listener, const seccomp_notif& stopped) const {
  const std::optional<Call> call = decode(stopped);
  const auto thread = static_cast<pid_t>(stopped.pid);
  if (call && call->name == std::string_view("setsockopt")) {
    const bool answer = would_undo(stopped, settings_);
    return answer ? listener.answer_success(stopped) : listener.let_pass(stopped);
  }
  if (call) {
    const Process process = Process::of_thread(thread);
    const Descriptor socket = process.copy_of(call->fd);
    const int error = errno;
    if (socket.get() < 0) {
      report_unseen(process.pid(), *call, error);
    } else if (listener.is_waiting(stopped) && (settings_.mode == Mode::force || is_unused(socket.get()))) {
      give(socket.get(), process.pid(), call->fd, call->name);
    }
  }
  listener.let_pass(stopped);
}

}  // namespace keepalive::command
