#include "command/cgroup/program.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <climits>
#include <cstddef>

#include "command/cgroup/assembler.h"
#include "keepalive/tcp.h"

namespace keepalive::command {
namespace {

using enum Register;
using enum Comparison;
using Label = BpfAssembler::Label;

constexpr int int_size = sizeof(std::int32_t);
constexpr int page_size = 4096;  // a BPF program sees no more bytes of an option's value

constexpr int rows_offset = offsetof(Record, rows);
constexpr int level_offset = offsetof(Record::Row, level);
constexpr int number_offset = offsetof(Record::Row, number);
constexpr int value_offset = offsetof(Record::Row, value);
static_assert(value_offset == 0);
constexpr int system_offset = offsetof(Record::Row, system);
constexpr int kernel_default_offset = offsetof(Record::Row, kernel_default);

// Registers of a sock_ops program. They keep their values over calls.
constexpr Register context = r6;
constexpr Register row = r7;
constexpr Register rows_left = r8;
constexpr Register slot = r9;  // on the stack: what the socket ends up with, an int for each row

/// A sock_ops program for the rows of a record.
class SockOps {
 public:
  SockOps(const Record& record, int map) : record_(record), map_(map) {
    const Record::Row& last = record.rows.at(record.row_count - 1);
    automatic_ = last.value == automatic_value;
    loop_rows_ = static_cast<int>(record.row_count) - (automatic_ ? 1 : 0);
  }

  std::vector<bpf_insn> assemble() {
    const Label done = code_.new_label();
    leave_unless_wanted(done);
    code_.move(context, r1);
    code_.load_map_value(row, map_, rows_offset);
    if (uses_slots()) {
      code_.move(slot, r10);
      code_.add(slot, slot_offset(0));
    }
    give_rows();
    if (automatic_) give_automatic_value(done);
    code_.place(done);
    code_.move(r0, 1);
    code_.exit();
    return code_.finish();
  }

 private:
  [[nodiscard]] bool is_forced() const { return record_.mode == static_cast<std::uint32_t>(Mode::force); }
  [[nodiscard]] bool uses_slots() const { return automatic_ || !is_forced(); }

  void leave_unless_wanted(Label done) {
    const Label wanted = code_.new_label();
    code_.load_word(r2, r1, offsetof(bpf_sock_ops, op));
    code_.jump_if(equal, r2, BPF_SOCK_OPS_TCP_CONNECT_CB, wanted);
    code_.jump_if(equal, r2, BPF_SOCK_OPS_TCP_LISTEN_CB, wanted);
    code_.jump_if(not_equal, r2, BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB, done);
    code_.place(wanted);
  }

  void give_rows() {
    const Label next_row = code_.new_label();
    code_.move(rows_left, loop_rows_);
    code_.place(next_row);
    if (is_forced()) {
      give_row();
    } else {
      give_row_if_unset();
    }
    code_.add(row, sizeof(Record::Row));
    if (uses_slots()) code_.add(slot, int_size);
    code_.add(rows_left, -1);
    code_.jump_if(not_equal, rows_left, 0, next_row);
  }

  void give_row() {
    code_.move(r4, row);                // a row's address is that of its value
    call_for_row(BPF_FUNC_setsockopt);  // a row without a value holds 0, which the kernel refuses
    if (!automatic_) return;
    code_.move(r4, slot);
    call_for_row(BPF_FUNC_getsockopt);
  }

  void give_row_if_unset() {
    const Label give = code_.new_label();
    const Label stands = code_.new_label();
    code_.move(r4, slot);
    call_for_row(BPF_FUNC_getsockopt);  // stores 0 if it fails
    code_.load_word(r1, slot, 0);
    code_.load_word(r2, row, system_offset);
    code_.jump_if(equal, r1, r2, give);
    code_.load_word(r2, row, kernel_default_offset);
    code_.jump_if(not_equal, r1, r2, stands);
    code_.place(give);
    code_.load_word(r1, row, value_offset);
    if (automatic_) code_.jump_if(equal, r1, 0, stands);
    code_.store_word(slot, 0, r1);
    code_.move(r4, slot);
    call_for_row(BPF_FUNC_setsockopt);
    code_.place(stands);
  }

  // Calls the function for the option of `row`. r4 holds the address of the value.
  void call_for_row(bpf_func_id function) {
    code_.move(r1, context);
    code_.load_word(r2, row, level_offset);
    code_.load_word(r3, row, number_offset);
    code_.move(r5, int_size);
    code_.call(function);
  }

  // The loop over the rows has left `slot` and `row` at TCP_USER_TIMEOUT.
  void give_automatic_value(Label done) {
    if (!is_forced()) {
      code_.move(r4, slot);
      call_for_row(BPF_FUNC_getsockopt);
      code_.load_word(r1, slot, 0);
      code_.jump_if(not_equal, r1, 0, done);
    }
    const Label fits = code_.new_label();
    code_.load_word(r1, r10, slot_of(TCP_KEEPINTVL));
    code_.load_word(r2, r10, slot_of(TCP_KEEPCNT));
    code_.multiply(r1, r2);
    code_.load_word(r2, r10, slot_of(TCP_KEEPIDLE));
    code_.add(r1, r2);
    code_.multiply(r1, 1000);
    code_.jump_if(less_or_equal, r1, INT_MAX, fits);
    code_.move(r1, INT_MAX);
    code_.place(fits);
    code_.store_word(slot, 0, r1);
    code_.move(r4, slot);
    call_for_row(BPF_FUNC_setsockopt);
  }

  [[nodiscard]] int slot_of(int number) const {
    int index = 0;
    while (record_.rows.at(static_cast<std::size_t>(index)).number != number) ++index;
    return slot_offset(index);
  }

  // There is a spare slot behind the last one. Without it, the loop would leave `slot` at the end of the stack, and
  // without CAP_PERFMON the kernel allows no pointer there.
  [[nodiscard]] int slot_offset(int index) const {
    return int_size * (index - static_cast<int>(record_.row_count) - 1);
  }

  const Record& record_;
  int map_;
  bool automatic_ = false;
  int loop_rows_ = 0;
  BpfAssembler code_;
};

}  // namespace

std::vector<bpf_insn> make_sock_ops_program(const Record& record, int map) { return SockOps(record, map).assemble(); }

std::vector<bpf_insn> make_setsockopt_program(const Record& record, int map) {
  BpfAssembler code;
  const Label is_tcp = code.new_label();
  const Label tcp_level = code.new_label();
  const Label swallow = code.new_label();
  const Label too_large = code.new_label();
  const Label store_length = code.new_label();
  const Label pass = code.new_label();

  code.load_map_value(r0, map, 0);  // r0 is not used, but the map now lasts as long as the program
  code.load_word(r2, r1, offsetof(bpf_sockopt, level));
  code.load_word(r3, r1, offsetof(bpf_sockopt, optname));
  code.load_word(r4, r1, offsetof(bpf_sockopt, optlen));
  code.jump_if(signed_greater, r4, page_size, too_large);
  code.jump_if(signed_less, r4, int_size, pass);  // too short: the kernel refuses the call
  code.load_double_word(r5, r1, offsetof(bpf_sockopt, sk));
  code.load_word(r6, r5, offsetof(bpf_sock, type));  // a raw socket can have protocol TCP
  code.jump_if(not_equal, r6, SOCK_STREAM, pass);
  code.load_word(r6, r5, offsetof(bpf_sock, protocol));
  code.jump_if(equal, r6, IPPROTO_TCP, is_tcp);
  code.jump_if(not_equal, r6, protocol_mptcp, pass);

  code.place(is_tcp);
  code.jump_if(not_equal, r2, SOL_SOCKET, tcp_level);
  code.jump_if(not_equal, r3, SO_KEEPALIVE, pass);
  code.load_double_word(r4, r1, offsetof(bpf_sockopt, optval));
  code.load_double_word(r5, r1, offsetof(bpf_sockopt, optval_end));
  code.move(r6, r4);
  code.add(r6, int_size);
  code.jump_if(greater, r6, r5, pass);
  code.load_word(r6, r4, 0);
  code.jump_if(not_equal, r6, 0, pass);  // the program turns keepalive on
  code.jump(swallow);

  code.place(tcp_level);
  code.jump_if(not_equal, r2, IPPROTO_TCP, pass);
  for (std::size_t i = 0; i < record.row_count; ++i) {
    const Record::Row& governed = record.rows.at(i);
    if (governed.level == IPPROTO_TCP && governed.value != 0) code.jump_if(equal, r3, governed.number, swallow);
  }
  code.jump(pass);

  code.place(swallow);
  code.move(r2, -1);  // the kernel does not carry the call out and answers 0
  code.jump(store_length);
  code.place(too_large);
  code.move(r2, 0);  // the kernel carries the call out with all bytes; any other number gives EFAULT
  code.place(store_length);
  code.store_word(r1, offsetof(bpf_sockopt, optlen), r2);
  code.place(pass);
  code.move(r0, 1);
  code.exit();
  return code.finish();
}

}  // namespace keepalive::command
