/// @file
/// Writes eBPF instructions (Documentation/bpf/standardization/instruction-set.rst in the kernel's sources).
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <vector>

namespace keepalive::command {

/// r0: result; r1 to r5: arguments, lost by a call; r6 to r9: kept over calls; r10: end of the stack, read only.
enum class Register : unsigned char { r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10 };

enum class Comparison : unsigned char {
  equal = BPF_JEQ,
  not_equal = BPF_JNE,
  greater = BPF_JGT,
  less_or_equal = BPF_JLE,
  signed_less = BPF_JSLT,
  signed_greater = BPF_JSGT,
};

class BpfAssembler {
 public:
  /// A target of jumps. place() it once, before or after the jumps.
  class Label {
    friend class BpfAssembler;
    explicit Label(std::size_t index) : index_(index) {}
    std::size_t index_;
  };

  Label new_label();
  void place(Label label);

  void move(Register to, Register from);
  void move(Register to, int value);
  void add(Register to, Register value);
  void add(Register to, int value);
  void multiply(Register to, Register value);
  void multiply(Register to, int value);

  /// 32 bits of memory; the upper half of `to` becomes 0.
  void load_word(Register to, Register address, int offset);
  /// 64 bits of memory.
  void load_double_word(Register to, Register address, int offset);
  void store_word(Register address, int offset, Register value);
  /// The address of `offset` in the value of an array map of one element. Counts as two instructions.
  void load_map_value(Register to, int map, int offset);

  void call(bpf_func_id function);
  void jump(Label to);
  void jump_if(Comparison comparison, Register left, int right, Label to);
  void jump_if(Comparison comparison, Register left, Register right, Label to);
  void exit();

  /// The instructions with all jumps resolved. Throws std::logic_error if a label was used but not placed.
  [[nodiscard]] std::vector<bpf_insn> finish() const;

 private:
  struct Jump {
    std::size_t instruction;
    std::size_t label;
  };

  void emit(unsigned code, Register to, Register from, int offset, int immediate);

  std::vector<bpf_insn> code_;
  std::vector<Jump> jumps_;
  std::vector<std::size_t> labels_;  // for each label, the number of the instruction behind it
};

}  // namespace keepalive::command
