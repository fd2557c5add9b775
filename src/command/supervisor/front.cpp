#include "command/supervisor/front.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "command/supervisor/supervisor.h"

namespace keepalive::command {
namespace {

void unblock(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

void block(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);
}

[[noreturn]] void end_as(int status) {
  if (WIFEXITED(status)) std::_Exit(WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  const rlimit no_core{0, 0};  // the program has written its own
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0);  // where cores go to a pipe the limit does not count, core(5)
  std::signal(signal, SIG_DFL);
  raise(signal);
  unblock(signal);
  std::_Exit(128 + signal);  // process 1 of a container is not ended by its own signals
}

void stop_as(int status) {
  const int signal = WSTOPSIG(status);
  std::signal(signal, SIG_DFL);  // the program may have taken back what was ignored when it started
  raise(signal);
  unblock(signal);  // stopped here, until somebody continues it
  block(signal);
}

// What a terminal's keys and size send goes to the whole foreground group: the program has it. A terminal that goes
// away tells the leader of its session alone, and a timer only the process that has set it.
bool has_reached_the_group(const signalfd_siginfo& signal) {
  if (signal.ssi_code <= 0) return false;  // sent by a process
  switch (signal.ssi_signo) {
    case SIGINT:
    case SIGQUIT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGWINCH:
      return true;
    default:
      return false;
  }
}

/// This process, and what it stands for.
class Stand {
 public:
  Stand(pid_t program, pid_t supervisor, const Descriptor& channel)
      : program_(program), supervisor_(supervisor), channel_(channel) {}

  [[noreturn]] void run() {
    sigset_t all;
    sigfillset(&all);
    const Descriptor signals(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
    std::array<pollfd, 2> events{{{channel_.get(), POLLIN, 0}, {signals.get(), POLLIN, 0}}};
    for (;;) {
      if (poll(events.data(), events.size(), -1) < 0) continue;
      signalfd_siginfo signal{};
      while (read(signals.get(), &signal, sizeof signal) > 0) pass_on(signal);
      if (supervised_) {
        take_changes();
      } else {
        look_at_program();
      }
      events[0].fd = supervised_ ? channel_.get() : -1;
    }
  }

 private:
  void pass_on(const signalfd_siginfo& signal) const {
    const int number = static_cast<int>(signal.ssi_signo);
    const bool wakes_only_us = number == SIGCONT && signal.ssi_pid == static_cast<std::uint32_t>(supervisor_);
    if (number == SIGCHLD || wakes_only_us || has_reached_the_group(signal)) return;
    if (signal.ssi_code == SI_QUEUE) {
      sigval value{};
      std::memcpy(&value, &signal.ssi_ptr, sizeof value);
      sigqueue(program_, number, value);
    } else {
      kill(program_, number);
    }
  }

  // All that have come, and then only the last counts: the program may have gone on already.
  void take_changes() {
    std::optional<Change> last;
    Change change;
    ssize_t size = 0;
    while ((size = recv(channel_.get(), &change, sizeof change, MSG_DONTWAIT)) > 0) {
      last = change;
      const char acknowledgement = 0;
      send(channel_.get(), &acknowledgement, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    if (last) do_as(*last);
    if (size == 0) lose_supervisor();
  }

  void do_as(const Change& change) const {
    if (WIFSTOPPED(change.status)) {
      stop_as(change.status);
    } else if (!WIFCONTINUED(change.status)) {
      if (change.last) waitpid(supervisor_, nullptr, 0);  // else it goes on for the program's children
      end_as(change.status);
    }
  }

  // It was killed. Once it has ended in full the program is our child.
  void lose_supervisor() {
    waitpid(supervisor_, nullptr, 0);
    supervised_ = false;
    look_at_program();
  }

  void look_at_program() const {
    int status = 0;
    const pid_t changed = waitpid(program_, &status, WNOHANG | WUNTRACED);
    if (changed == program_) do_as({status, false});
    if (changed < 0 && errno == ECHILD) std::_Exit(EXIT_FAILURE);  // the supervisor's last act was to collect it
  }

  pid_t program_;
  pid_t supervisor_;
  const Descriptor& channel_;
  bool supervised_ = true;
};

}  // namespace

void do_as(pid_t program, pid_t supervisor, const Descriptor& channel) { Stand(program, supervisor, channel).run(); }

}  // namespace keepalive::command
