#include "command/sockets/process.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "command/cli/error.h"
#include "command/cli/number.h"
#include "command/cli/printable.h"
#include "command/program/file.h"

namespace keepalive::command {
namespace {

namespace fs = std::filesystem;

// The same numbers on every architecture; absent from older headers.
constexpr int sys_pidfd_open = 434;
constexpr int sys_pidfd_getfd = 438;
constexpr unsigned pidfd_thread = O_EXCL;  // PIDFD_THREAD

std::string folder_of(pid_t pid) { return "/proc/" + std::to_string(pid); }

std::string folder_of(pid_t pid, pid_t thread) { return folder_of(pid) + "/task/" + std::to_string(thread); }

// The entries of a folder whose names are numbers, in ascending order. `error` is the errno if it cannot be read.
std::vector<int> numbers_in(const std::string& folder, int& error) {
  std::vector<int> numbers;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end; entry.increment(failure)) {
    const std::optional<int> number = whole_number(entry->path().filename().native());
    if (number) numbers.push_back(*number);
  }
  error = failure.value();
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// As it is in the process itself, not made printable.
std::string raw_name(pid_t pid) {
  std::string name = read_text(folder_of(pid) + "/comm");
  if (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

/// Descriptors of a thread that are sockets, each with its link: `socket:[INODE]`.
using SocketLinks = std::set<std::pair<int, std::string>>;

// `error` is the errno if they cannot be seen.
SocketLinks socket_links(pid_t pid, pid_t thread, int& error) {
  const std::string folder = folder_of(pid, thread) + "/fd";
  SocketLinks links;
  for (const int fd : numbers_in(folder, error)) {
    std::error_code failure;
    const std::string link = fs::read_symlink(folder + "/" + std::to_string(fd), failure).string();
    // Without CAP_SYS_PTRACE root may list the descriptors, but not read their links. Other failures: closed meanwhile.
    if (failure == std::errc::permission_denied) error = EACCES;
    if (link.rfind("socket:", 0) == 0) links.emplace(fd, link);
  }
  return links;
}

/// A thread with a descriptor table of its own.
struct Owner {
  pid_t thread;
  std::optional<SocketLinks> links;  ///< read when needed
};

// For where kcmp(2) is not allowed: whether the owner has these sockets too. Reads again before it says no, because the
// table may have changed.
bool has_all(pid_t pid, Owner& owner, const SocketLinks& links) {
  for (const bool again : {false, true}) {
    int error = 0;
    if (again || !owner.links) owner.links = socket_links(pid, owner.thread, error);
    if (std::includes(owner.links->begin(), owner.links->end(), links.begin(), links.end())) return true;
  }
  return false;
}

}  // namespace

Process::Process(pid_t pid) : Process(pid, 0) {}

Process::Process(pid_t pid, unsigned flags)
    : pid_(pid), pidfd_(syscall(sys_pidfd_open, pid, flags)), error_(pidfd_.get() >= 0 ? 0 : errno) {}

Process Process::single_thread(pid_t thread) { return {thread, pidfd_thread}; }

Descriptor Process::copy_of(int fd) const { return Descriptor(syscall(sys_pidfd_getfd, pidfd_.get(), fd, 0)); }

bool Process::has_ended() const {
  pollfd end{pidfd_.get(), POLLIN, 0};
  return error_ == ESRCH || poll(&end, 1, 0) == 1;
}

std::vector<pid_t> all_processes() {
  int error = 0;
  std::vector<pid_t> pids = numbers_in("/proc", error);
  if (pids.empty()) {
    throw Error(status_partly, "no process can be seen: " + describe_error(error));
  }
  return pids;
}

std::string find_problem_of_proc() {
  std::error_code missing;
  const std::string self = fs::read_symlink("/proc/self", missing).string();
  if (self.empty()) return "/proc is not mounted; mount it: mount -t proc proc /proc";
  if (whole_number(self) == getpid()) return "";
  return "/proc is that of another PID namespace; mount this one's: mount -t proc proc /proc";
}

bool processes_are_hidden() { return access("/proc/1", F_OK) != 0; }

std::string describe_hidden_processes() {
  return "/proc hides the processes of other users (its mount option hidepid); try as root";
}

std::string process_name(pid_t pid) { return printable(raw_name(pid)); }

bool has_name(pid_t pid, const std::string& name) {
  if (name.empty()) return false;  // as is the command line of a kernel thread
  const std::string own = raw_name(pid);
  if (own == name || printable(own) == name) return true;
  const std::string command_line = read_text(folder_of(pid) + "/cmdline");
  const std::string first_word = command_line.substr(0, command_line.find('\0'));
  std::error_code hidden;
  std::string file = fs::read_symlink(folder_of(pid) + "/exe", hidden).string();
  constexpr std::string_view replaced = " (deleted)";  // proc(5): by an upgrade, for example
  if (file.ends_with(replaced)) file.resize(file.size() - replaced.size());
  if (first_word == name || base_name(first_word) == name || file == name || base_name(file) == name) return true;
  return name.find('/') != std::string::npos && fs::canonical(name, hidden) == file && !file.empty();
}

std::vector<pid_t> threads_with_own_table(pid_t pid) {
  std::vector<Owner> owners{{pid, {}}};
  int error = 0;
  for (const pid_t thread : numbers_in(folder_of(pid) + "/task", error)) {
    std::optional<SocketLinks> links;
    const bool owns = std::none_of(owners.begin(), owners.end(), [&](Owner& owner) {
      if (owner.thread == thread) return true;
      const long order = syscall(SYS_kcmp, owner.thread, thread, KCMP_FILES, 0, 0);
      if (order >= 0 || errno == ESRCH) return order <= 0;  // 0: the same table. ESRCH: one of them has ended
      if (!links) links = socket_links(pid, thread, error);
      return has_all(pid, owner, *links);
    });
    if (owns) owners.push_back({thread, {}});
  }
  std::vector<pid_t> threads;
  threads.reserve(owners.size());
  for (const Owner& owner : owners) threads.push_back(owner.thread);
  return threads;
}

std::vector<int> socket_descriptors(pid_t pid, pid_t thread, int& error) {
  std::vector<int> descriptors;
  for (const auto& [fd, link] : socket_links(pid, thread, error)) descriptors.push_back(fd);
  return descriptors;
}

std::vector<int> socket_descriptors(pid_t pid, int& error) { return socket_descriptors(pid, pid, error); }

}  // namespace keepalive::command
