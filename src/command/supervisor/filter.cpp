#include "command/supervisor/filter.h"

#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstddef>

#include "command/supervisor/system_calls.h"
#include "keepalive/descriptor.h"
#include "keepalive/supervision.h"
#include "keepalive/tcp.h"

namespace keepalive::command {
namespace {

using Number = std::uint32_t;

// has_filter() makes a socket(2) call with `question` as its sixth argument. A filter of make_filter() fails this call
// with `answer_to_question`. The kernel itself never fails socket(2) with that errno.
constexpr Number question = supervised_mark + 1;
constexpr int answer_to_question = ENOTUNIQ;

/// A target of jumps in the filter. The jumps are written before its position is known.
struct Label {
  std::vector<std::size_t> when_equal;      ///< jumps that come here if the two values are equal
  std::vector<std::size_t> when_different;  ///< jumps that come here if they differ
};

/// Writes the instructions of the filter. All jumps go forward, because the kernel takes no others.
class SeccompAssembler {
 public:
  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<Number>(offset)); }
  void keep_bits(Number mask) { add(BPF_ALU | BPF_AND | BPF_K, mask); }
  void answer(Number action) { add(BPF_RET | BPF_K, action); }

  void go_if_equal(Number value, Label& target) {
    target.when_equal.push_back(program_.size());
    add(BPF_JMP | BPF_JEQ | BPF_K, value);
  }
  void go_if_different(Number value, Label& target) {
    target.when_different.push_back(program_.size());
    add(BPF_JMP | BPF_JEQ | BPF_K, value);
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

// Offset of the low 32 bits of an argument. The filter compares these alone: the arguments are ints, and the kernel
// ignores the high half of an int.
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
    out_.place(answer_question_);
    out_.answer(SECCOMP_RET_ERRNO | answer_to_question);
    out_.place(stop_);
    out_.answer(SECCOMP_RET_USER_NOTIF);
    return out_.finish();
  }

 private:
  void add_calls(const SystemCalls& calls) {
    Label socket;
    Label setsockopt;
    Label socketcall;
    out_.load(offsetof(seccomp_data, nr));
    out_.go_if_equal(calls.socket, socket);
    if (calls.socketcall != 0) out_.go_if_equal(calls.socketcall, socketcall);
    if (force_) out_.go_if_equal(calls.setsockopt, setsockopt);
    out_.answer(SECCOMP_RET_ALLOW);
    if (calls.socketcall != 0) {
      out_.place(socketcall);
      out_.load(argument(0));
      out_.go_if_equal(socketcall_socket, stop_);
      if (force_) out_.go_if_equal(socketcall_setsockopt, stop_);
      out_.answer(SECCOMP_RET_ALLOW);
    }
    if (force_) {
      out_.place(setsockopt);
      add_setsockopt();
    }
    out_.place(socket);
    add_socket();
  }

  // socket(domain, type, protocol): the same as is_tcp(domain, type, protocol).
  void add_socket() {
    Label internet;
    Label tcp;
    out_.load(argument(5));
    out_.go_if_equal(supervised_mark, pass_);
    out_.go_if_equal(question, answer_question_);
    out_.load(argument(0));
    out_.go_if_equal(AF_INET, internet);
    out_.go_if_different(AF_INET6, pass_);
    out_.place(internet);
    out_.load(argument(1));
    out_.keep_bits(~static_cast<Number>(SOCK_CLOEXEC | SOCK_NONBLOCK));
    out_.go_if_different(SOCK_STREAM, pass_);
    out_.load(argument(2));
    out_.go_if_equal(0, stop_);
    out_.go_if_equal(IPPROTO_TCP, stop_);
    out_.go_if_equal(protocol_mptcp, stop_);
    out_.answer(SECCOMP_RET_ALLOW);
  }

  // setsockopt(fd, level, name, ...): the same as governs(settings, level, name).
  void add_setsockopt() {
    Label tcp_level;
    out_.load(argument(5));
    out_.go_if_equal(supervised_mark, pass_);
    out_.load(argument(1));
    out_.go_if_equal(IPPROTO_TCP, tcp_level);
    out_.go_if_different(SOL_SOCKET, pass_);
    out_.load(argument(2));
    out_.go_if_equal(SO_KEEPALIVE, stop_);
    out_.answer(SECCOMP_RET_ALLOW);
    out_.place(tcp_level);
    out_.load(argument(2));
    for (std::size_t i = 0; i < options.size(); ++i) {
      if (settings_.values[i] != 0) out_.go_if_equal(static_cast<Number>(options[i].number), stop_);
    }
    out_.answer(SECCOMP_RET_ALLOW);
  }

  const Settings& settings_;
  bool force_;
  SeccompAssembler out_;
  Label pass_;
  Label answer_question_;
  Label stop_;
};

}  // namespace

std::vector<sock_filter> make_filter(const Settings& settings) { return FilterMaker(settings).make(); }

bool has_filter() {
  // There is no address family -1. So if no filter answers, the kernel refuses the call and makes no socket.
  return syscall(SYS_socket, -1, 0, 0, 0, 0, question) == -1 && errno == answer_to_question;
}

bool is_served() {
  // All six arguments, so that no mark of the library is there by chance.
  const Descriptor made(static_cast<int>(syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0, 0, 0, 0)));
  return made.get() < 0 || int_option(made.get(), SOL_SOCKET, SO_KEEPALIVE) == 1;  // without IPv4 nobody can tell
}

}  // namespace keepalive::command
