#include "command/supervisor/start.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "command/cli/error.h"
#include "command/sockets/process.h"
#include "command/supervisor/filter.h"
#include "command/supervisor/front.h"
#include "command/supervisor/notification.h"
#include "command/supervisor/supervisor.h"

namespace keepalive::command {
namespace {

/// Why the program does not run: what the child processes tell the front.
struct Failure {
  enum class Stage : int { none, process, filter, descriptor, execute };
  Stage stage = Stage::none;
  int error = 0;
};

std::pair<Descriptor, Descriptor> make_channel() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw Error(status_cannot_run, std::string("no socket for the supervisor: ") + std::strerror(errno));
  }
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

pid_t fork_or_throw() {
  const pid_t pid = fork();
  if (pid < 0) throw Error(status_cannot_run, std::string("no process for the supervisor: ") + std::strerror(errno));
  return pid;
}

template <class Message>
bool send_message(const Descriptor& channel, const Message& message) {
  return send(channel.get(), &message, sizeof message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof message);
}

template <class Message>
bool receive_message(const Descriptor& channel, Message& message) {
  ssize_t size = 0;
  do {
    size = recv(channel.get(), &message, sizeof message, 0);
  } while (size < 0 && errno == EINTR);
  return size == static_cast<ssize_t>(sizeof message);
}

/// What this process was given and changes, for the program to have the same.
struct Original {
  sigset_t mask;
  struct sigaction child_signal;
  int is_subreaper = 0;
};

// All are kept waiting, for the front to pass on. A SIGCHLD that is ignored would make children vanish unseen.
Original hold_signals() {
  Original before{};
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before.mask);
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &action, &before.child_signal);
  prctl(PR_GET_CHILD_SUBREAPER, &before.is_subreaper);
  return before;
}

void give_back(const Original& before) {
  prctl(PR_SET_CHILD_SUBREAPER, before.is_subreaper);
  sigaction(SIGCHLD, &before.child_signal, nullptr);
  sigprocmask(SIG_SETMASK, &before.mask, nullptr);
}

// Linux 5.9; the same number on every architecture, absent from older headers.
constexpr int sys_close_range = 436;

void close_range(int first, int last) {
  if (first > last || syscall(sys_close_range, first, last, 0) == 0) return;
  const int limit = static_cast<int>(std::min<long>(sysconf(_SC_OPEN_MAX), 65536));
  for (int fd = first; fd <= std::min(last, limit); ++fd) close(fd);
}

// Neither the front nor the supervisor may keep open what the program has closed: the other end would never know. Nor
// a folder busy.
void let_go_of_everything_but(std::vector<int> kept) {
  const int moved = chdir("/");
  static_cast<void>(moved);  // else the folder stays busy, which is no reason to keep the rest
  std::sort(kept.begin(), kept.end());
  int first = 0;
  for (const int fd : kept) {
    close_range(first, fd - 1);
    first = fd + 1;
  }
  close_range(first, INT_MAX);
  // What is opened later must not become standard output.
  while (open("/dev/null", O_RDWR | O_CLOEXEC) >= 0) {
    if (fcntl(STDERR_FILENO, F_GETFD) >= 0) break;
  }
}

// systemd's way of saying for whom they are (sd_listen_fds(3), sd_watchdog_enabled(3)): for the front, as far as it
// knows.
void address_to_this_process(Arguments& environment, pid_t front) {
  for (const char* const name : {"LISTEN_PID=", "WATCHDOG_PID="}) {
    for (std::string& variable : environment) {
      if (variable == name + std::to_string(front)) variable = name + std::to_string(getpid());
    }
  }
}

/// The child of the child: puts the filter on, waits until the supervisor has the listener, becomes the program.
[[noreturn]] void be_program(Program program, const Settings& settings, const Original& original, pid_t front,
                             const Descriptor& supervisor, const Descriptor& status) {
  address_to_this_process(program.environment, front);
  const int listener = install_filter(make_filter(settings));
  if (listener < 0) {
    send_message(status, Failure{Failure::Stage::filter, -listener});
    _exit(status_cannot_run);
  }
  bool ready = false;
  if (!send_message(supervisor, listener) || !receive_message(supervisor, ready)) _exit(status_cannot_run);
  give_back(original);
  send_message(status, Failure{Failure::Stage::execute, execute(program)});
  _exit(status_cannot_run);
}

[[noreturn]] void be_supervisor(const Program& program, const Settings& settings, bool verbose,
                                const Original& original, Front front, Descriptor status) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  auto [own_end, program_end] = make_channel();
  const pid_t pid = fork();
  if (pid < 0) {
    send_message(status, Failure{Failure::Stage::process, errno});
    _exit(status_cannot_run);
  }
  if (pid == 0) {
    // Should the supervisor be killed now, this process and the front have to hear of it.
    own_end = Descriptor();
    front.channel = Descriptor();
    be_program(program, settings, original, front.pid, program_end, status);
  }
  program_end = Descriptor();

  int number = -1;
  if (!receive_message(own_end, number)) {  // it has told the front why
    waitpid(pid, nullptr, 0);
    _exit(status_cannot_run);
  }
  // A try as well: the sockets of stopped calls come the same way.
  Descriptor copy = Process(pid).copy_of(number);
  if (copy.get() < 0) {
    send_message(status, Failure{Failure::Stage::descriptor, errno});
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    _exit(status_cannot_run);
  }
  send_message(front.channel, pid);
  // A group of its own, so that keys on the terminal are not for it; the same session, so that the groups which the
  // program makes are not orphans, whose processes can't be stopped (setpgid(2)).
  setpgid(0, 0);
  Listener listener(std::move(copy));
  send_message(own_end, true);
  std::vector<int> kept{listener.get(), front.channel.get()};
  if (verbose) kept.push_back(STDERR_FILENO);
  let_go_of_everything_but(kept);
  supervise(listener, Giver(settings, verbose), pid, front);
  _exit(status_done);
}

[[noreturn]] void report(const Failure& failure, const Program& program, const Original& original) {
  switch (failure.stage) {
    case Failure::Stage::process:
      throw Error(status_cannot_run, std::string("no process for the program: ") + std::strerror(failure.error));
    case Failure::Stage::filter:
      if (failure.error == EBUSY) {
        std::fprintf(stderr, "keepalive run: there is a supervisor above already: '%s' runs under that one\n",
                     program.path.c_str());
        give_back(original);
        throw_execute_error(program, execute(program));
      }
      throw Error(status_cannot_run, std::string("the kernel refuses to supervise (seccomp user notification, Linux "
                                                 "5.5): ") +
                                         std::strerror(failure.error));
    case Failure::Stage::descriptor:
      throw Error(status_cannot_run, std::string("the kernel refuses the supervisor a look at the program "
                                                 "(pidfd_getfd, Linux 5.6; needs kernel.yama.ptrace_scope below 2): ") +
                                         std::strerror(failure.error));
    case Failure::Stage::execute:
      throw_execute_error(program, failure.error);
    case Failure::Stage::none:
      break;
  }
  throw Error(status_cannot_run, "the supervisor has ended before the program began");
}

// What is open already: a listener or a connection from inetd, systemd or a shell. The program makes no call that
// would be stopped for those.
void give_inherited_sockets(const Giver& giver) {
  int error = 0;
  for (const int fd : socket_descriptors(getpid(), error)) giver.give(fd, getpid(), fd, "inherited");
}

}  // namespace

void run_supervised(const Program& program, const Settings& settings, bool verbose) {
  verbose = verbose && fcntl(STDERR_FILENO, F_GETFD) >= 0;  // else what is opened next would take its number
  give_inherited_sockets(Giver(settings, verbose));
  const Original original = hold_signals();
  auto [own_end, supervisor_end] = make_channel();
  auto [status, status_end] = make_channel();  // closed when the program begins
  const pid_t front = getpid();
  // Should the supervisor be killed, the program becomes our child.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t supervisor = fork_or_throw();
  if (supervisor == 0) {
    own_end = Descriptor();
    status = Descriptor();
    be_supervisor(program, settings, verbose, original, Front{front, std::move(supervisor_end)}, std::move(status_end));
  }
  supervisor_end = Descriptor();
  status_end = Descriptor();

  Failure failure;
  pid_t pid = -1;
  if (receive_message(status, failure) || !receive_message(own_end, pid)) {
    own_end = Descriptor();  // nobody reads there any more
    waitpid(supervisor, nullptr, 0);
    report(failure, program, original);
  }
  let_go_of_everything_but({own_end.get()});
  do_as(pid, supervisor, own_end);
}

}  // namespace keepalive::command
