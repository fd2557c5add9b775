#include "command/sockets/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

#include "command/cli/error.h"
#include "command/cli/number.h"

namespace keepalive::command {
namespace {

namespace fs = std::filesystem;

// The same numbers on every architecture; absent from older headers.
constexpr int sys_pidfd_open = 434;
constexpr int sys_pidfd_getfd = 438;
constexpr unsigned pidfd_thread = O_EXCL;  // PIDFD_THREAD

std::string folder_of(pid_t pid) { return "/proc/" + std::to_string(pid); }

std::string contents_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The entries of a folder whose names are numbers. `error` is set where it can't be read.
std::vector<int> numbers_in(const std::string& folder, int& error) {
  std::vector<int> numbers;
  DIR* const stream = opendir(folder.c_str());
  error = stream != nullptr ? 0 : errno;
  if (stream == nullptr) return numbers;
  while (const dirent* const entry = readdir(stream)) {
    const std::optional<int> number = whole_number(entry->d_name);
    if (number) numbers.push_back(*number);
  }
  closedir(stream);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// The number of the process that a thread belongs to; 0 once it has ended.
pid_t leader_of(pid_t thread) {
  const std::string status = contents_of(folder_of(thread) + "/status");
  const std::string key = "\nTgid:\t";
  const std::size_t begin = status.find(key);
  if (begin == std::string::npos) return 0;
  const std::string_view line = std::string_view(status).substr(begin + key.size());
  return whole_number(line.substr(0, line.find('\n'))).value_or(0);
}

}  // namespace

Process::Process(pid_t pid) : Process(pid, 0) {}

Process::Process(pid_t pid, unsigned flags)
    : pid_(pid), pidfd_(syscall(sys_pidfd_open, pid, flags)), error_(pidfd_.get() >= 0 ? 0 : errno) {}

Process Process::of_thread(pid_t thread) {
  Process process(thread);
  if (process.error() == 0 || process.error() == ESRCH) return process;
  process = Process(thread, pidfd_thread);
  return process.error() == 0 ? std::move(process) : Process(leader_of(thread));
}

Descriptor Process::copy_of(int fd) const { return Descriptor(syscall(sys_pidfd_getfd, pidfd_.get(), fd, 0)); }

bool Process::has_ended() const {
  pollfd end{pidfd_.get(), POLLIN, 0};
  return error_ == ESRCH || poll(&end, 1, 0) == 1;
}

std::vector<pid_t> all_processes() {
  int error = 0;
  std::vector<pid_t> pids = numbers_in("/proc", error);
  if (pids.empty()) throw Error(status_partly, "no process can be seen: /proc is not mounted");
  return pids;
}

std::string name_of(pid_t pid) {
  std::string name = contents_of(folder_of(pid) + "/comm");
  if (!name.empty() && name.back() == '\n') name.pop_back();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return name;
}

bool is_named(pid_t pid, const std::string& name) {
  if (name.empty()) return false;  // as is the command line of a kernel thread
  if (name_of(pid) == name) return true;
  const std::string command_line = contents_of(folder_of(pid) + "/cmdline");
  const std::string first_word = command_line.substr(0, command_line.find('\0'));
  std::error_code hidden;
  const std::string file = fs::read_symlink(folder_of(pid) + "/exe", hidden).string();
  return first_word == name || base_name(first_word) == name || file == name || base_name(file) == name;
}

std::vector<int> socket_descriptors(pid_t pid, int& error) {
  const std::string folder = folder_of(pid) + "/fd";
  std::vector<int> descriptors = numbers_in(folder, error);
  std::erase_if(descriptors, [&](int fd) {
    std::error_code failure;
    const std::string target = fs::read_symlink(folder + "/" + std::to_string(fd), failure).string();
    // Root may list them, but without CAP_SYS_PTRACE not see what they are. Other failures: closed meanwhile.
    if (failure == std::errc::permission_denied) error = EACCES;
    return target.rfind("socket:", 0) != 0;
  });
  return descriptors;
}

}  // namespace keepalive::command
