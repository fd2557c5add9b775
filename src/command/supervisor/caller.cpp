#include "command/supervisor/caller.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace keepalive::command {
namespace {

// None if the file does not fit: a part of it could be taken for the whole.
std::optional<std::string> contents_of(int fd) {
  std::array<char, 16384> buffer;
  const ssize_t size = pread(fd, buffer.data(), buffer.size(), 0);
  if (size < 0 || size == static_cast<ssize_t>(buffer.size())) return std::nullopt;
  return std::string(buffer.data(), static_cast<std::size_t>(size));
}

Descriptor open_in(const Descriptor& folder, const char* name) {
  return Descriptor(openat(folder.get(), name, O_RDONLY | O_CLOEXEC));
}

// The numbers behind `Key:` at the start of a line.
std::vector<unsigned> numbers_after(std::string_view text, std::string_view key) {
  std::vector<unsigned> numbers;
  const std::size_t begin = text.find(key);
  if (begin == std::string_view::npos) return numbers;
  text.remove_prefix(begin + key.size());
  text = text.substr(0, text.find('\n'));
  while (!text.empty()) {
    unsigned number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc()) numbers.push_back(number);
    text.remove_prefix(std::max<std::size_t>(static_cast<std::size_t>(rest - text.data()), 1));
  }
  return numbers;
}

}  // namespace

std::optional<ThreadStatus> parse_status(const std::string& text) {
  // Real, effective, saved and file system: proc(5).
  const std::vector<unsigned> users = numbers_after(text, "\nUid:\t");
  const std::vector<unsigned> groups = numbers_after(text, "\nGid:\t");
  const std::vector<unsigned> process = numbers_after(text, "\nTgid:\t");
  if (users.size() != 4 || groups.size() != 4 || process.size() != 1) return std::nullopt;
  return ThreadStatus{static_cast<pid_t>(process[0]), users[0],
                      Identity{users[3], groups[3], numbers_after(text, "\nGroups:\t")}};
}

Caller::Caller(pid_t thread)
    : folder_(open(("/proc/" + std::to_string(thread)).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
      cgroup_(open_in(folder_, "cgroup")),
      status_(open_in(folder_, "status")) {}

bool Caller::is_open() const { return status_.get() >= 0 && cgroup_.get() >= 0; }

std::optional<ino_t> Caller::network() const {
  struct stat file {};
  return fstatat(folder_.get(), "net/tcp", &file, 0) == 0 ? std::optional(file.st_ino) : std::nullopt;
}

std::optional<std::string> Caller::cgroups() const { return contents_of(cgroup_.get()); }

std::optional<ThreadStatus> Caller::status() const {
  const std::optional<std::string> text = contents_of(status_.get());
  return text ? parse_status(*text) : std::nullopt;
}

std::optional<std::string> Caller::label() const { return contents_of(open_in(folder_, "attr/current").get()); }

std::shared_ptr<const Caller> Callers::find(pid_t thread) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.first == thread; });
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
    return found->second;
  }
  auto caller = std::make_shared<const Caller>(thread);
  if (!caller->is_open()) {
    entries_.clear();  // there may be too few descriptors (RLIMIT_NOFILE)
    caller = std::make_shared<const Caller>(thread);
    if (!caller->is_open()) return nullptr;
  }
  entries_.emplace_front(thread, caller);
  if (entries_.size() > most) entries_.pop_back();
  return caller;
}

void Callers::forget(pid_t thread) {
  const std::lock_guard lock(mutex_);
  entries_.remove_if([&](const Entry& entry) { return entry.first == thread; });
}

void Callers::forget_all() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
}

}  // namespace keepalive::command
