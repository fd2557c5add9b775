#include "supervisor.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "keepalive/apply.h"
#include "keepalive/report.h"
#include "keepalive/tcp.h"
#include "process.h"

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
  Line line = line_about(pid, call, number);
  if (settings_.mode == Mode::on && has_keepalive(fd)) {
    line.add("keepalive is on already, left as it is");
  } else {
    Refusals refusals;
    apply(fd, settings_, setsockopt, &refusals);
    describe(settings_, &refusals, line);
  }
  if (verbose_) say(line);
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

namespace {

class Supervisor {
  static constexpr int patience_with_front = 20;  // milliseconds

 public:
  Supervisor(Listener& listener, const Giver& giver, pid_t program, const Front& front)
      : listener_(listener), giver_(giver), program_(program), front_(front) {}

  void run() {
    sigset_t child_signal;
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    const Descriptor children(signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK));
    enum : std::size_t { calls, signals, front, count };
    std::array<pollfd, count> events{};
    events[calls] = {listener_.get(), POLLIN, 0};
    events[signals] = {children.get(), POLLIN, 0};
    events[front] = {front_.channel.get(), POLLIN, 0};
    while (reap()) {
      const int happened = poll(events.data(), events.size(), is_front_awaited_ ? patience_with_front : -1);
      if (happened == 0) wake_front();
      if (happened <= 0) continue;
      if ((events[calls].revents & POLLIN) != 0) {
        const seccomp_notif* const call = listener_.receive();
        if (call != nullptr) giver_.deal_with(listener_, *call);
      } else if (events[calls].revents != 0) {
        events[calls].fd = -1;  // nobody is left who could make such calls
      }
      if (events[signals].revents != 0) {
        signalfd_siginfo signal;
        while (read(children.get(), &signal, sizeof signal) > 0) changed_ = true;
      }
      if ((events[front].revents & (POLLHUP | POLLERR)) != 0) {
        // Whoever stands in the program's place was killed: that was meant for the program.
        if (!program_ended_) kill(program_, SIGKILL);
        events[front].fd = -1;
        is_front_awaited_ = false;
      } else if (events[front].revents != 0) {
        take_acknowledgements();
      }
    }
  }

 private:
  // False when no child is left. Orphans of the program are among our children (child subreaper).
  bool reap() {
    while (std::exchange(changed_, false)) {
      int status = 0;
      pid_t child = 0;
      while ((child = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
        if (child == program_) note(status);
      }
      if (child < 0 && errno == ECHILD) {
        report_end(true);
        return false;
      }
    }
    report_end(false);
    return true;
  }

  void note(int status) {
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      program_ended_ = true;
      end_ = status;
      let_go_of_standard_error();
    } else {
      report({status, false});
      await_front(WIFCONTINUED(status));
    }
  }

  // Once, after all that has ended so far has been reaped: is it the last?
  void report_end(bool last) {
    if (!end_) return;
    report({*std::exchange(end_, std::nullopt), last});
    await_front(true);
  }

  void report(const Change& change) {
    if (send(front_.channel.get(), &change, sizeof change, MSG_NOSIGNAL) > 0) ++unacknowledged_;
  }

  void take_acknowledgements() {
    char byte = 0;
    while (recv(front_.channel.get(), &byte, 1, MSG_DONTWAIT) > 0) --unacknowledged_;
    if (unacknowledged_ <= 0) is_front_awaited_ = false;
  }

  // A front that has stopped itself together with the program reads no message. It may also be about to.
  void await_front(bool it_must_run) {
    is_front_awaited_ = it_must_run;
    if (it_must_run) wake_front();
  }

  // The program's end may be that of a pipe, whatever its children do.
  static void let_go_of_standard_error() {
    const Descriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (null.get() >= 0) dup2(null.get(), STDERR_FILENO);
  }

  void wake_front() const {
    if (getppid() == front_.pid) kill(front_.pid, SIGCONT);
  }

  Listener& listener_;
  const Giver& giver_;
  pid_t program_;
  const Front& front_;
  bool changed_ = true;
  bool program_ended_ = false;
  int unacknowledged_ = 0;         // messages to the front
  bool is_front_awaited_ = false;  // it has to read them, so it is woken until it has
  std::optional<int> end_;
};

}  // namespace

void supervise(Listener& listener, const Giver& giver, pid_t program, const Front& front) {
  Supervisor(listener, giver, program, front).run();
}

}  // namespace keepalive::command
