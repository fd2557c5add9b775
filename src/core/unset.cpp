/// @file
/// Sockets that others have made: which of the options are still unset there.
#include <array>

#include "keepalive/apply.h"
#include "keepalive/supervision.h"
#include "keepalive/system_call.h"
#include "keepalive/tcp.h"

namespace keepalive {
namespace {

constexpr std::size_t user_timeout = option_index(TCP_USER_TIMEOUT);

// -1 if the kernel does not tell it; values are never negative.
int value_of(int fd, std::size_t index) { return int_option(fd, IPPROTO_TCP, options[index].number); }

bool is_given_value(const Settings& settings, std::size_t index, int value) {
  return settings.values[index] == automatic_value ? value != 0 : value == settings.values[index];
}

// Those that programs set most often come first.
constexpr std::array<int, 4> telling_numbers{TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT};
static_assert(telling_numbers.size() == options.size(), "list the new option");

bool is_kernel_default(const Settings& settings, std::size_t index) {
  return settings.values[index] == options[index].kernel_default;
}

// The option that programs set most often, among those that were given; options.size() if none was. A value that is the
// kernel's default tells less: sockets that nobody has changed have it too.
std::size_t telling_option(const Settings& settings) {
  std::size_t telling = options.size();
  for (const int number : telling_numbers) {
    const std::size_t index = option_index(number);
    if (settings.values[index] == 0) continue;
    if (!is_kernel_default(settings, index)) return index;
    if (telling == options.size()) telling = index;
  }
  return telling;
}

/// A socket that nobody has changed: it has the system's values. It is made on first use, because most questions are
/// answered without it. It is made by a system call, because libc's function may be one that gives sockets keepalive.
/// The call carries the mark, because a supervisor would give the socket keepalive too.
class NewSocket {
 public:
  NewSocket() = default;
  NewSocket(const NewSocket&) = delete;
  NewSocket& operator=(const NewSocket&) = delete;
  ~NewSocket() {
    if (fd_ >= 0) system_call(SYS_close, fd_);
  }

  bool has_value(std::size_t index, int value) {
    if (fd_ < 0) {
      fd_ = static_cast<int>(system_call(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0, 0, 0, supervised_mark));
    }
    return fd_ >= 0 && value_of(fd_, index) == value;
  }

 private:
  int fd_ = -1;
};

// Takes out of `settings` what the socket has, and what the program has set. Returns whether anything is left.
bool keep_unset(int fd, Settings& settings) {
  NewSocket new_socket;
  bool any = false;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (settings.values[i] == 0) continue;
    const int value = value_of(fd, i);
    const bool unset = value >= 0 && !is_given_value(settings, i, value) &&
                       (value == options[i].kernel_default || new_socket.has_value(i, value));
    if (unset) {
      any = true;
    } else {
      settings.values[i] = 0;
    }
  }
  // The user timeout may have been computed from values that this socket does not get, so it is computed again.
  if (settings.automatic_timeout && settings.values[user_timeout] != 0) {
    settings.values[user_timeout] = automatic_value;
  }
  return any;
}

}  // namespace

bool has_value(int fd, const Settings& settings, std::size_t index) {
  const int value = value_of(fd, index);
  return value >= 0 && is_given_value(settings, index, value);
}

Coverage coverage(int fd, const Settings& settings) {
  const std::size_t index = telling_option(settings);
  if (index == options.size()) return has_keepalive(fd) ? Coverage::complete : Coverage::unclear;
  const int value = value_of(fd, index);
  if (value < 0) return index == user_timeout ? Coverage::unclear : Coverage::not_tcp;
  if (!is_given_value(settings, index, value)) return Coverage::unclear;
  return !is_kernel_default(settings, index) || has_keepalive(fd) ? Coverage::complete : Coverage::unclear;
}

bool give_if_unset(int fd, const Settings& settings, SetSocketOption set_option, Given* given) {
  Settings missing = settings;
  if (has_keepalive(fd) && !keep_unset(fd, missing)) return false;
  apply(fd, missing, set_option, given != nullptr ? &given->refusals : nullptr);
  if (given != nullptr) given->settings = missing;
  return true;
}

}  // namespace keepalive
