#include "front.h"

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
#include <cstdlib>
#include <cstring>

#include "supervisor.h"

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
  raise(signal);
  unblock(signal);  // stopped here, until somebody continues it
  block(signal);
}

void pass_on(const signalfd_siginfo& signal, pid_t program) {
  const int number = static_cast<int>(signal.ssi_signo);
  // What a terminal sends goes to the whole foreground group: the program has it.
  const bool from_kernel = signal.ssi_code > 0;
  if (number == SIGCHLD || (from_kernel && number != SIGCONT)) return;
  if (signal.ssi_code == SI_QUEUE) {
    sigval value{};
    std::memcpy(&value, &signal.ssi_ptr, sizeof value);
    sigqueue(program, number, value);
  } else {
    kill(program, number);
  }
}

// The supervisor was killed. Once it has ended in full the program is our child.
[[noreturn]] void go_on_without(pid_t supervisor, pid_t program, const Descriptor& signals) {
  waitpid(supervisor, nullptr, 0);
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(program, &status, WNOHANG);
    if (ended == program) end_as(status);
    if (ended < 0 && errno == ECHILD) std::_Exit(EXIT_FAILURE);  // the supervisor's last act was to collect it
    signalfd_siginfo signal{};
    if (read(signals.get(), &signal, sizeof signal) > 0) pass_on(signal, program);
  }
}

}  // namespace

void do_as(pid_t program, pid_t supervisor, const Descriptor& channel) {
  sigset_t all;
  sigfillset(&all);
  const Descriptor signals(signalfd(-1, &all, SFD_CLOEXEC));
  std::array<pollfd, 2> events{{{channel.get(), POLLIN, 0}, {signals.get(), POLLIN, 0}}};
  for (;;) {
    if (poll(events.data(), events.size(), -1) < 0) continue;
    if (events[1].revents != 0) {
      signalfd_siginfo signal{};
      if (read(signals.get(), &signal, sizeof signal) > 0) pass_on(signal, program);
    }
    if (events[0].revents == 0) continue;
    Change change;
    if (recv(channel.get(), &change, sizeof change, 0) <= 0) go_on_without(supervisor, program, signals);
    if (WIFSTOPPED(change.status)) {
      stop_as(change.status);
    } else if (!WIFCONTINUED(change.status)) {
      if (change.last) waitpid(supervisor, nullptr, 0);  // else it goes on for the program's children
      end_as(change.status);
    }
  }
}

}  // namespace keepalive::command
