#include "command/sockets/survey.h"

#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "command/cli/error.h"
#include "command/cli/output.h"
#include "command/program/privileges.h"
#include "command/sockets/process.h"

namespace keepalive::command {
namespace {

/// Sockets of one process that were visited: number and inode. Threads with descriptor tables of their own have
/// usually copies of the same descriptors.
using Visited = std::set<std::pair<int, ino_t>>;

// `process 12 (nc)`, `processes 12 (nc), 13 (nc)`; if they are many only their number.
std::string list_of(const std::vector<std::string>& processes) {
  constexpr std::size_t few = 5;
  if (processes.size() > few) return std::to_string(processes.size()) + " processes";
  std::string text = processes.size() == 1 ? "process " : "processes ";
  for (const std::string& process : processes) text += (&process == processes.data() ? "" : ", ") + process;
  return text;
}

// What would help if the kernel forbids it.
std::string remedy() {
  if (has_capability(CAP_SYS_PTRACE)) {
    return can_read_programs() ? "this command has CAP_SYS_PTRACE, so a security module forbids it, or the process is "
                                 "outside of this user namespace (rootless container)"
                               : "kernel.yama.ptrace_scope=3 forbids it, also to root";
  }
  return geteuid() == 0 ? "root lacks CAP_SYS_PTRACE here (as in a container)" : "try as root";
}

class Survey {
 public:
  Survey(const std::string& subcommand, const Selection& selection, const Visit& visit)
      : subcommand_(subcommand), selection_(selection), visit_(visit) {}

  SurveyResult run() {
    for (const pid_t pid : selection_.processes()) inspect(pid);
    for (const auto& [reason, processes] : failures_) {
      say(subcommand_, list_of(processes) + " cannot be inspected: " + reason);
    }
    if (selection_.is_everything() && processes_are_hidden()) {
      ++result_.failures;
      say(subcommand_, describe_hidden_processes());
    }
    return result_;
  }

 private:
  void inspect(pid_t pid) {
    const Process process(pid);
    const std::string name = process_name(pid);
    // Match only now: before `process` was opened, the number may have been given to another process.
    if (process.error() == 0 && !selection_.includes(pid)) return;
    const std::string who = std::to_string(pid) + (name.empty() ? "" : " (" + name + ")");
    Visited visited;
    const int error = visit_sockets(process, pid, name, visited);
    if (has_gone(process, error)) return;
    if (error != 0) {
      add_failure(who, error);
      return;
    }
    ++result_.inspected;
    for (const pid_t thread : threads_with_own_table(pid)) {
      if (thread == pid) continue;
      const Process task = Process::single_thread(thread);
      const int thread_error = visit_sockets(task, pid, name, visited);
      if (!has_gone(task, thread_error) && thread_error != 0) {
        add_failure(who + " thread " + std::to_string(thread), thread_error);
      }
    }
  }

  // A process or thread that is ending is still listed, but its descriptors are gone. Reading a link of one that has
  // ended is EACCES.
  static bool has_gone(const Process& task, int error) { return error == ESRCH || error == ENOENT || task.has_ended(); }

  // Returns 0 or the errno with which it failed.
  int visit_sockets(const Process& task, pid_t pid, const std::string& name, Visited& visited) {
    if (task.error() == ENOSYS) refuse_kernel();
    int error = 0;
    const std::vector<int> numbers = socket_descriptors(pid, task.pid(), error);
    if (error != 0) return error;
    for (const int number : numbers) {
      if (task.error() != 0) return task.error();
      const Descriptor copy = task.copy_of(number);
      if (copy.get() < 0 && errno == ENOSYS) refuse_kernel();
      if (copy.get() < 0 && errno == EBADF) continue;  // closed meanwhile
      if (copy.get() < 0) return errno;
      struct stat file {};
      if (fstat(copy.get(), &file) != 0 || !visited.emplace(number, file.st_ino).second) continue;
      const std::optional<TcpSocket> socket = inspect_socket(copy.get(), number, &dumps_);
      if (socket) visit_({pid, name, *socket}, copy.get());
    }
    return 0;
  }

  [[noreturn]] static void refuse_kernel() {
    throw Error(status_partly, "this needs Linux 5.6 or later (pidfd_getfd)");
  }

  void add_failure(const std::string& who, int error) {
    ++result_.failures;
    failures_[reason_of(error)].push_back(who);
  }

  static std::string reason_of(int error) {
    if (error == EINVAL) return "this thread has descriptors of its own; inspecting them needs Linux 6.9 or later";
    const std::string cause = describe_error(error);
    return error == EPERM || error == EACCES ? cause + "; " + remedy() : cause;
  }

  const std::string& subcommand_;
  const Selection& selection_;
  const Visit& visit_;
  SocketDumps dumps_;
  SurveyResult result_;
  std::map<std::string, std::vector<std::string>> failures_;  ///< processes, by the reason
};

}  // namespace

std::string describe(const ProcessSocket& found) {
  return "process " + std::to_string(found.pid) + " (" + found.process + "), descriptor " +
         std::to_string(found.socket.fd);
}

std::string describe_all(const std::vector<std::string>& sockets) {
  return sockets.at(0) + (sockets.size() == 1 ? "" : " and " + std::to_string(sockets.size() - 1) + " more");
}

SurveyResult for_each_socket(const std::string& subcommand, const Selection& selection, const Visit& visit) {
  return Survey(subcommand, selection, visit).run();
}

void report_nothing_found(const std::string& subcommand, const SurveyResult& result, const std::string& text) {
  if (result.failures == 0) {
    say(subcommand, text);
  } else if (result.inspected > 0) {
    say(subcommand, "in the other processes: " + text);
  }
}

}  // namespace keepalive::command
