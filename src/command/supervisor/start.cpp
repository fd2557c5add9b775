#include "command/supervisor/start.h"

#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "command/cli/error.h"
#include "command/sockets/process.h"
#include "command/supervisor/channel.h"
#include "command/supervisor/filter.h"
#include "command/supervisor/notification.h"
#include "command/supervisor/report.h"
#include "command/supervisor/separation.h"
#include "command/supervisor/supervisor.h"
#include "command/supervisor/system_calls.h"
#include "keepalive/apply.h"
#include "keepalive/tcp.h"

namespace keepalive::command {
namespace {

constexpr char no_supervisor[] = "no supervisor: ";
constexpr int signal_offset = 128;  // exit status of a process whose child a signal has ended, as in sh(1)

[[noreturn]] void refuse(const std::string& reason) { throw Error(status_cannot_run, no_supervisor + reason); }

ino_t inode_of(const char* path) {
  struct stat file {};
  return stat(path, &file) == 0 ? file.st_ino : 0;
}

void check_proc() {
  const std::string problem = find_problem_of_proc();
  if (!problem.empty()) refuse(problem);
  if (inode_of("/proc/self/ns/pid") != inode_of("/proc/self/ns/pid_for_children")) {
    refuse("it would be process 1 of a new PID namespace; use unshare --fork, or start unshare by keepalive run");
  }
}

// Gives keepalive to the sockets that are open already: a listener or a connection from inetd, systemd or a shell. The
// program does not make these sockets, so no call of it stops for them.
void give_inherited_sockets(const Settings& settings, bool verbose) {
  int error = 0;
  for (const int fd : socket_descriptors(getpid(), error)) {
    if (!is_tcp(fd)) continue;
    Given given{settings, {}};
    if (settings.mode == Mode::force) {
      apply(fd, settings, setsockopt, &given.refusals);
    } else if (!give_if_unset(fd, settings, setsockopt, &given)) {
      if (verbose) report_left_on(getpid(), "inherited", fd);
      continue;
    }
    if (verbose) report_given(getpid(), "inherited", fd, given.settings, given.refusals);
  }
}

// Makes a child without an exit signal (clone(2)). The program's wait(2) does not show this child, and the program gets
// no SIGCHLD when the child ends.
pid_t make_hidden_child() { return static_cast<pid_t>(syscall(SYS_clone, 0, 0, 0, 0, 0)); }

// Whether processes that lose their parent become children of this one.
bool adopts_orphans() {
  int is_subreaper = 0;
  return getpid() == 1 || prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper, 0, 0, 0) != 0 || is_subreaper != 0;
}

Message failure(int error) {
  switch (error) {
    case EBUSY:
      return {StartResult::foreign_listener, error};
    case EACCES:
    case EPERM:
      return {StartResult::no_permission, error};
    case EINVAL:
    case ENOSYS:
      return {StartResult::old_kernel, error};
    default:
      return {StartResult::no_resources, error};
  }
}

// A filter cannot be removed from a process. So the supervisor first tries on itself all that will be done to the
// program.
Message try_everything() {
  const pid_t child = vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork): the child does nothing but end
  if (child == 0) _exit(EXIT_SUCCESS);
  if (child < 0) return failure(errno);  // RLIMIT_NPROC, or the cgroup's: there would be no worker
  waitpid(child, nullptr, 0);
  sock_filter allow_all{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
  const Descriptor descriptor(install_filter({allow_all}));
  if (descriptor.get() < 0) return failure(-descriptor.get());
  if (!can_add_descriptors(descriptor.get())) return {StartResult::old_kernel, EINVAL};
  return {};
}

[[noreturn]] void be_supervisor(Channel channel, const Settings& settings, const SupervisedProgram& program,
                                bool verbose) try {
  block_all_signals();
  const Message tried = try_everything();
  SharedState* const state = make_shared_state();
  const Message message =
      tried.result == StartResult::ready && state == nullptr ? Message{StartResult::no_resources, ENOMEM} : tried;
  if (!channel.send(message) || message.result != StartResult::ready) _exit(EXIT_FAILURE);
  Descriptor descriptor;
  if (!channel.receive(&descriptor) || descriptor.get() < 0) _exit(EXIT_FAILURE);
  separate(channel.get(), descriptor, verbose);
  const Notifications notifications(std::move(descriptor));
  supervise(notifications, *state, settings, program, verbose, std::move(channel));
} catch (...) {
  _exit(EXIT_FAILURE);  // no memory
}

// Between the program and the supervisor stands this process until the supervisor serves: then it is killed, and the
// supervisor is no child of the program. A hidden child is seen by wait(2) with __WALL: strace(1) would wait for it,
// and it for strace. Ends with the supervisor, if that fails.
[[noreturn]] void be_parent_of_supervisor(Channel channel, const Settings& settings, const SupervisedProgram& program,
                                          bool verbose) {
  block_all_signals();
  const pid_t supervisor = make_hidden_child();
  if (supervisor == 0) be_supervisor(std::move(channel), settings, program, verbose);
  if (supervisor < 0) {
    static_cast<void>(channel.send({StartResult::no_resources, errno}));
    _exit(EXIT_FAILURE);
  }
  channel.close();
  int status = 0;
  waitpid(supervisor, &status, __WALL);
  _exit(WIFSIGNALED(status) ? signal_offset + WTERMSIG(status) : EXIT_FAILURE);
}

[[noreturn]] void throw_failure(const Message& message, const std::string& alternative) {
  const std::string error = std::string(": ") + describe_error(message.error);
  switch (message.result) {
    case StartResult::foreign_listener:
      refuse(std::string(
                 "another program's seccomp listener is there already (a sandbox, a container, or WSL2 with mirrored "
                 "networking), and the kernel allows only one") +
             alternative);
    case StartResult::no_permission:
      refuse("seccomp(2) is not permitted" + error + "; in a systemd unit, add seccomp to SystemCallFilter=");
    case StartResult::old_kernel:
      refuse("the kernel lacks seccomp user notification (Linux 5.9)" + error + alternative);
    default:
      refuse("no memory, process or descriptor for it" + error);
  }
}

// How the supervisor, or the process between, has ended. Call it once the supervisor's end of the channel is closed.
std::string describe_end_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, __WALL);
  const bool is_forbidden =
      WIFSIGNALED(status) ? WTERMSIG(status) == SIGSYS : WEXITSTATUS(status) == signal_offset + SIGSYS;
  return is_forbidden
             ? "a filter kills processes that call seccomp(2); in a systemd unit, add seccomp to SystemCallFilter="
             : "it has ended at once";
}

}  // namespace

Start start_supervisor(const Settings& settings, const std::string& name, bool verbose,
                       const std::string& alternative) {
  if (!has_known_system_calls) refuse("it does not know the system calls of this architecture" + alternative);
  if (has_filter()) {
    if (is_served()) return Start::already_supervised;
    refuse(
        "that of an outer 'keepalive run' does not follow here (another network namespace, cgroup or user), and the "
        "kernel allows only one; leave the outer one out");
  }
  check_proc();
  auto [own_end, supervisor_end] = Channel::make();
  const SupervisedProgram program{getpid(), std::to_string(getpid()) + " (" + name + ")"};
  const bool keeps_supervisor = adopts_orphans();
  const pid_t child = make_hidden_child();
  if (child < 0) throw_failure({StartResult::no_resources, errno}, alternative);
  if (child == 0) {
    own_end.close();
    if (keeps_supervisor) be_supervisor(std::move(supervisor_end), settings, program, verbose);
    be_parent_of_supervisor(std::move(supervisor_end), settings, program, verbose);
  }
  supervisor_end.close();
  const std::optional<Message> message = own_end.receive();
  if (!message) refuse(describe_end_of(child));
  if (message->result != StartResult::ready) {
    waitpid(child, nullptr, __WALL);
    throw_failure(*message, alternative);
  }
  give_inherited_sockets(settings, verbose);
  const int installed = install_filter(make_filter(settings));
  if (installed < 0) {
    own_end.close();
    waitpid(child, nullptr, __WALL);
    throw_failure(failure(-installed), alternative);
  }
  const Descriptor descriptor(installed);
  if (!own_end.send({}, descriptor.get()) || !own_end.receive()) {
    throw SupervisorLost(status_cannot_run, no_supervisor + describe_end_of(child));
  }
  // A sandbox may refuse kill(2). The child then stays, hidden, until the supervisor ends.
  if (!keeps_supervisor && kill(child, SIGKILL) == 0) waitpid(child, nullptr, __WALL);
  return Start::started;
}

}  // namespace keepalive::command
