#include "command/supervisor/filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <bit>
#include <cstddef>

namespace keepalive::command {

const std::vector<SystemCalls> known_system_calls {
#if defined(__x86_64__) || defined(__i386__)
  {AUDIT_ARCH_X86_64, 42, 50, 54}, {AUDIT_ARCH_I386, 362, 363, 366, 102},
#elif defined(__aarch64__) || defined(__arm__)
  {AUDIT_ARCH_AARCH64, 203, 201, 208}, {AUDIT_ARCH_ARM, 283, 284, 294},
#endif
};

// The row for this word size against the system's headers; the other one has none here.
#if defined(__x86_64__) && defined(__LP64__)
static_assert(SYS_connect == 42 && SYS_listen == 50 && SYS_setsockopt == 54);
#elif defined(__i386__)
static_assert(SYS_connect == 362 && SYS_listen == 363 && SYS_setsockopt == 366 && SYS_socketcall == 102);
#elif defined(__aarch64__)
static_assert(SYS_connect == 203 && SYS_listen == 201 && SYS_setsockopt == 208);
#elif defined(__arm__)
static_assert(SYS_connect == 283 && SYS_listen == 284 && SYS_setsockopt == 294);
#endif

namespace {

using Number = std::uint32_t;

/// A place in the program that is not known yet when a jump to it is written.
struct Label {
  std::vector<std::size_t> when_equal;      ///< jumps that come here where their comparison holds
  std::vector<std::size_t> when_different;  ///< and where it does not
};

/// Jumps go forward only, as the kernel wants it.
class Assembler {
 public:
  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<Number>(offset)); }
  void answer(Number action) { add(BPF_RET | BPF_K, action); }

  void go_if_equal(Number value, Label& target) {
    target.when_equal.push_back(program_.size());
    add(BPF_JMP | BPF_JEQ | BPF_K, value);
  }
  void go_if_different(Number value, Label& target) {
    target.when_different.push_back(program_.size());
    add(BPF_JMP | BPF_JEQ | BPF_K, value);
  }
  void go_if_below(Number value, Label& target) {
    target.when_different.push_back(program_.size());
    add(BPF_JMP | BPF_JGE | BPF_K, value);
  }

  void place(const Label& label) {
    for (const std::size_t jump : label.when_equal) program_[jump].jt = distance_from(jump);
    for (const std::size_t jump : label.when_different) program_[jump].jf = distance_from(jump);
  }

  std::vector<sock_filter> finish() { return program_; }

 private:
  void add(unsigned code, Number value) { program_.push_back({static_cast<std::uint16_t>(code), 0, 0, value}); }
  [[nodiscard]] std::uint8_t distance_from(std::size_t jump) const {
    return static_cast<std::uint8_t>(program_.size() - jump - 1);
  }

  std::vector<sock_filter> program_;
};

// The half that holds an int; the other is not the kernel's concern either.
constexpr std::size_t argument(std::size_t index) {
  constexpr std::size_t low_half = std::endian::native == std::endian::little ? 0 : 4;
  return offsetof(seccomp_data, args) + index * sizeof(std::uint64_t) + low_half;
}

class FilterMaker {
 public:
  explicit FilterMaker(const Settings& settings) : settings_(settings), force_(settings.mode == Mode::force) {}

  std::vector<sock_filter> make() {
    out_.load(offsetof(seccomp_data, arch));
    for (const SystemCalls& calls : known_system_calls) {
      Label other_architecture;
      out_.go_if_different(calls.architecture, other_architecture);
      add_calls(calls);
      out_.place(other_architecture);
    }
    out_.place(pass_);
    out_.answer(SECCOMP_RET_ALLOW);
    out_.place(stop_);
    out_.answer(SECCOMP_RET_USER_NOTIF);
    out_.place(done_);
    if (force_) out_.answer(SECCOMP_RET_ERRNO);  // with no errno: the call is left out and returns 0
    return out_.finish();
  }

 private:
  void add_calls(const SystemCalls& calls) {
    Label setsockopt;
    Label socketcall;
    out_.load(offsetof(seccomp_data, nr));
    // read(2), write(2) and the like have lower numbers than all of these.
    if (calls.socketcall == 0) out_.go_if_below(std::min(calls.connect, calls.listen), pass_);
    out_.go_if_equal(calls.connect, stop_);
    out_.go_if_equal(calls.listen, stop_);
    if (calls.socketcall != 0) out_.go_if_equal(calls.socketcall, socketcall);
    if (force_) out_.go_if_equal(calls.setsockopt, setsockopt);
    out_.answer(SECCOMP_RET_ALLOW);
    if (calls.socketcall != 0) {
      out_.place(socketcall);
      out_.load(argument(0));
      out_.go_if_equal(socketcall_connect, stop_);
      out_.go_if_equal(socketcall_listen, stop_);
      if (force_) out_.go_if_equal(socketcall_setsockopt, stop_);
      out_.answer(SECCOMP_RET_ALLOW);
    }
    if (force_) {
      out_.place(setsockopt);
      add_setsockopt();
    }
  }

  // setsockopt(fd, level, name, ...)
  void add_setsockopt() {
    Label tcp_level;
    out_.load(argument(1));
    out_.go_if_equal(IPPROTO_TCP, tcp_level);
    out_.go_if_different(SOL_SOCKET, pass_);
    out_.load(argument(2));
    out_.go_if_equal(SO_KEEPALIVE, done_);
    out_.answer(SECCOMP_RET_ALLOW);
    out_.place(tcp_level);
    out_.load(argument(2));
    for (std::size_t i = 0; i < options.size(); ++i) {
      if (settings_.values[i] != 0) out_.go_if_equal(static_cast<Number>(options[i].number), done_);
    }
    out_.answer(SECCOMP_RET_ALLOW);
  }

  const Settings& settings_;
  bool force_;
  Assembler out_;
  Label pass_;
  Label stop_;
  Label done_;
};

}  // namespace

std::vector<sock_filter> make_filter(const Settings& settings) { return FilterMaker(settings).make(); }

}  // namespace keepalive::command
