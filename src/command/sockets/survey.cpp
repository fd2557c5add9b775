#include "command/sockets/survey.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <utility>

#include "command/cli/error.h"
#include "command/sockets/process.h"

namespace keepalive::command {
namespace {

/// Sockets of one process that were visited: number and inode. Threads with descriptor tables of their own have
/// usually copies of the same descriptors.
using Visited = std::set<std::pair<int, ino_t>>;

class Survey {
 public:
  Survey(const std::string& subcommand, const Selection& selection, const Visit& visit)
      : subcommand_(subcommand), selection_(selection), visit_(visit) {}

  bool run() {
    for (const pid_t pid : selection_.processes()) inspect(pid);
    if (hidden_ == 0) return complete_;
    say(std::to_string(hidden_) + (hidden_ == 1 ? " process" : " processes") + (is_root_ ? "" : " of other users") +
        " can't be inspected; " + remedy());
    return complete_;
  }

 private:
  void say(const std::string& text) const {
    std::fprintf(stderr, "keepalive %s: %s\n", subcommand_.c_str(), text.c_str());
  }

  void complain(const std::string& text) {
    say(text);
    if (!selection_.is_everything()) complete_ = false;
  }

  void inspect(pid_t pid) {
    const Process process(pid);
    const std::string name = process_name(pid);
    // Match only now: before `process` was opened, the number may have been given to another process.
    if (process.error() == 0 && !selection_.includes(pid)) return;
    Visited visited;
    const int error = visit_sockets(process, pid, name, visited);
    // A process that is ending is still listed, but its descriptors are gone.
    if (error == ESRCH || error == ENOENT || process.has_ended()) return;
    if (error != 0) {
      report(pid, name, error);
      return;
    }
    for (const pid_t thread : threads_with_own_table(pid)) {
      if (thread != pid) inspect_thread(pid, thread, name, visited);
    }
  }

  void inspect_thread(pid_t pid, pid_t thread, const std::string& name, Visited& visited) {
    const int error = visit_sockets(Process::single_thread(thread), pid, name, visited);
    if (error == EINVAL) {
      complain("process " + std::to_string(pid) + " (" + name + "): the descriptors of thread " +
               std::to_string(thread) + " are its own; to inspect them takes Linux 6.9 or later");
    } else if (error != 0 && error != ESRCH && error != ENOENT) {
      report(pid, name, error);
    }
  }

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
      const std::optional<TcpSocket> socket = inspect_socket(copy.get(), number, timers_);
      if (socket) visit_({pid, name, *socket}, copy.get());
    }
    return 0;
  }

  [[noreturn]] static void refuse_kernel() {
    throw Error(status_partly, "this needs Linux 5.6 or later (pidfd_getfd)");
  }

  void report(pid_t pid, const std::string& name, int error) {
    const bool forbidden = error == EPERM || error == EACCES;
    if (forbidden && selection_.is_everything()) {
      ++hidden_;
      return;
    }
    complain("process " + std::to_string(pid) + " (" + name + ") can't be inspected: " + std::strerror(error) +
             (forbidden ? "; " + remedy() : ""));
  }

  [[nodiscard]] std::string remedy() const {
    return is_root_ ? "root needs CAP_SYS_PTRACE for that, and no security module against it" : "try as root";
  }

  const std::string& subcommand_;
  const Selection& selection_;
  const Visit& visit_;
  const Timers timers_ = read_timers();
  bool complete_ = true;
  int hidden_ = 0;
  bool is_root_ = geteuid() == 0;
};

}  // namespace

bool for_each_socket(const std::string& subcommand, const Selection& selection, const Visit& visit) {
  return Survey(subcommand, selection, visit).run();
}

}  // namespace keepalive::command
