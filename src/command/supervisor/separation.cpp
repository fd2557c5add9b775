#include "command/supervisor/separation.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace keepalive::command {
namespace {

// Linux 5.9; the same number on every architecture, absent from older headers.
constexpr int sys_close_range = 436;

void close_between(int first, int last) {
  if (first > last || syscall(sys_close_range, first, last, 0) == 0) return;
  // A sandbox refused close_range(2), so close the descriptors one by one.
  const int limit = static_cast<int>(std::min<long>(sysconf(_SC_OPEN_MAX), 65536));
  for (int fd = first; fd <= std::min(last, limit); ++fd) close(fd);
}

void close_all_but(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  int first = STDERR_FILENO + 1;
  for (const int fd : kept) {
    close_between(first, fd - 1);
    first = std::max(first, fd + 1);
  }
  close_between(first, INT_MAX);
}

void take_standard_descriptors_to_null(bool keep_standard_error) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fd == STDERR_FILENO && keep_standard_error) continue;
    null >= 0 ? dup2(null, fd) : close(fd);
  }
  if (null > STDERR_FILENO) close(null);
}

}  // namespace

void block_all_signals() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
}

// The text replaces the arguments in memory. A long title also replaces the environment behind them, which this process
// does not need any more (proc(5), arg_start and env_end).
void set_title(const std::string& title) {
  std::ifstream file("/proc/self/stat");
  std::string stat(std::istreambuf_iterator<char>(file), {});
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return;
  std::istringstream fields(stat.substr(name_end + 1));
  const std::vector<std::string> values(std::istream_iterator<std::string>(fields), {});
  constexpr std::size_t arg_start = 48 - 3;  // proc(5) gives the fields numbers from 1; `values` begins with field 3
  constexpr std::size_t env_end = 51 - 3;
  if (values.size() <= env_end) return;
  const unsigned long start = std::strtoul(values[arg_start].c_str(), nullptr, 10);
  const unsigned long end = std::strtoul(values[env_end].c_str(), nullptr, 10);
  if (start == 0 || end <= start) return;
  auto* const text = reinterpret_cast<char*>(start);  // NOLINT(performance-no-int-to-ptr): an address as a number
  const std::size_t size = end - start;
  std::memset(text, 0, size);
  title.copy(text, size - 1);
}

void separate(int channel, Descriptor& kept, bool keep_standard_error) {
  const int moved = chdir("/");
  static_cast<void>(moved);  // if it fails, the folder stays busy, and the rest is done all the same
  // Numbers below 3 become /dev/null, so `kept` needs a higher one.
  if (kept.get() <= STDERR_FILENO) kept = Descriptor(fcntl(kept.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  close_all_but({channel, kept.get()});
  take_standard_descriptors_to_null(keep_standard_error);
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
  }
}

}  // namespace keepalive::command
