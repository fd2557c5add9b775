#include "command/sockets/survey.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "command/cli/error.h"
#include "command/cli/number.h"
#include "command/sockets/process.h"

namespace keepalive::command {
namespace {

using Visit = std::function<void(const Found& found, int fd)>;

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class Survey {
 public:
  Survey(const std::string& subcommand, const Arguments& targets, const Visit& visit)
      : subcommand_(subcommand), targets_(targets), visit_(visit) {}

  bool run() {
    for (const pid_t pid : processes()) look_at(pid);
    if (hidden_ == 0) return complete_;
    say(std::to_string(hidden_) + (hidden_ == 1 ? " process" : " processes") + (is_root_ ? "" : " of other users") +
        " can't be looked at; " + remedy());
    return complete_;
  }

 private:
  void say(const std::string& text) const {
    std::fprintf(stderr, "keepalive %s: %s\n", subcommand_.c_str(), text.c_str());
  }

  void complain(const std::string& text) {
    say(text);
    complete_ = false;
  }

  std::vector<pid_t> processes() {
    std::vector<pid_t> all = all_processes();
    if (targets_.empty()) return all;
    std::vector<pid_t> chosen;
    for (const std::string& target : targets_) {
      const std::size_t before = chosen.size();
      if (is_number(target)) {
        const pid_t pid = whole_number(target).value_or(0);  // none where it is too large for any
        if (std::binary_search(all.begin(), all.end(), pid)) chosen.push_back(pid);
      } else {
        std::copy_if(all.begin(), all.end(), std::back_inserter(chosen),
                     [&](pid_t pid) { return is_named(pid, target); });
      }
      if (chosen.size() == before) {
        complain(is_number(target) ? "there is no process " + target : "no process is named '" + target + "'");
      }
    }
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    return chosen;
  }

  void look_at(pid_t pid) {
    const Process process(pid);
    if (process.error() == ENOSYS) throw Error(status_partly, "this needs Linux 5.6 or later (pidfd_getfd)");
    int error = process.error();
    std::vector<int> numbers;
    if (error == 0) numbers = socket_descriptors(pid, error);
    const std::string name = name_of(pid);
    for (const int number : numbers) {
      const Descriptor copy = process.copy_of(number);
      if (copy.get() < 0 && errno == ENOSYS) throw Error(status_partly, "this needs Linux 5.6 or later (pidfd_getfd)");
      if (copy.get() < 0 && errno == EBADF) continue;  // closed meanwhile
      if (copy.get() < 0) {
        error = errno;
        break;
      }
      const std::optional<TcpSocket> socket = look_at_socket(copy.get(), number, timers_);
      if (socket) visit_({pid, name, *socket}, copy.get());
    }
    // While a process ends it is there still, but its descriptors are not.
    const bool ending = error == ESRCH || error == ENOENT || process.has_ended();
    if (error != 0 && !ending) report(pid, name, error);
  }

  void report(pid_t pid, const std::string& name, int error) {
    const bool forbidden = error == EPERM || error == EACCES;
    if (forbidden && targets_.empty()) {
      ++hidden_;
      return;
    }
    complain("process " + std::to_string(pid) + " (" + name + ") can't be looked at: " + std::strerror(error) +
             (forbidden ? "; " + remedy() : ""));
  }

  [[nodiscard]] std::string remedy() const {
    return is_root_ ? "root needs CAP_SYS_PTRACE for that, and no security module against it" : "try as root";
  }

  const std::string& subcommand_;
  const Arguments& targets_;
  const Visit& visit_;
  const Timers timers_ = read_timers();
  bool complete_ = true;
  int hidden_ = 0;
  bool is_root_ = geteuid() == 0;
};

}  // namespace

bool for_each_socket(const std::string& subcommand, const Arguments& targets, const Visit& visit) {
  return Survey(subcommand, targets, visit).run();
}

}  // namespace keepalive::command
