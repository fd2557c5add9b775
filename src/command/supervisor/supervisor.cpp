#include "command/supervisor/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

namespace keepalive::command {
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
    for (;;) {
      reap();
      if (!has_children_ && !is_front_awaited_) return;
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
        has_front_ = is_front_awaited_ = false;
      } else if (events[front].revents != 0) {
        take_acknowledgements();
      }
    }
  }

 private:
  // Orphans of the program are among our children (child subreaper).
  void reap() {
    while (std::exchange(changed_, false)) {
      int status = 0;
      pid_t child = 0;
      while ((child = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
        if (child == program_) note(status);
      }
      has_children_ = !(child < 0 && errno == ECHILD);
    }
    report_end();
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

  // After all that has ended so far has been reaped: was it the last?
  void report_end() {
    if (!end_) return;
    report({*std::exchange(end_, std::nullopt), !has_children_});
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
    is_front_awaited_ = it_must_run && has_front_;
    if (is_front_awaited_) wake_front();
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
  bool has_children_ = true;
  bool program_ended_ = false;
  bool has_front_ = true;
  int unacknowledged_ = 0;         // messages to the front
  bool is_front_awaited_ = false;  // it has to read them, so it is woken until it has
  std::optional<int> end_;
};

}  // namespace

void supervise(Listener& listener, const Giver& giver, pid_t program, const Front& front) {
  Supervisor(listener, giver, program, front).run();
}

}  // namespace keepalive::command
