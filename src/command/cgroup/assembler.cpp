#include "command/cgroup/assembler.h"

#include <limits>
#include <stdexcept>

namespace keepalive::command {
namespace {

constexpr std::size_t not_placed = std::numeric_limits<std::size_t>::max();
constexpr Register unused = Register::r0;
constexpr unsigned addition = BPF_ALU64 | BPF_ADD;

}  // namespace

BpfAssembler::Label BpfAssembler::new_label() {
  labels_.push_back(not_placed);
  return Label(labels_.size() - 1);
}

void BpfAssembler::place(Label label) { labels_.at(label.index_) = code_.size(); }

void BpfAssembler::move(Register to, Register from) { emit(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
void BpfAssembler::move(Register to, int value) { emit(BPF_ALU64 | BPF_MOV | BPF_K, to, unused, 0, value); }
void BpfAssembler::add(Register to, Register value) { emit(addition | BPF_X, to, value, 0, 0); }
void BpfAssembler::add(Register to, int value) { emit(addition | BPF_K, to, unused, 0, value); }
void BpfAssembler::multiply(Register to, Register value) { emit(BPF_ALU64 | BPF_MUL | BPF_X, to, value, 0, 0); }
void BpfAssembler::multiply(Register to, int value) { emit(BPF_ALU64 | BPF_MUL | BPF_K, to, unused, 0, value); }

void BpfAssembler::load_word(Register to, Register address, int offset) {
  emit(BPF_LDX | BPF_MEM | BPF_W, to, address, offset, 0);
}

void BpfAssembler::load_double_word(Register to, Register address, int offset) {
  emit(BPF_LDX | BPF_MEM | BPF_DW, to, address, offset, 0);
}

void BpfAssembler::store_word(Register address, int offset, Register value) {
  emit(BPF_STX | BPF_MEM | BPF_W, address, value, offset, 0);
}

void BpfAssembler::load_map_value(Register to, int map, int offset) {
  emit(BPF_LD | BPF_IMM | BPF_DW, to, static_cast<Register>(BPF_PSEUDO_MAP_VALUE), 0, map);
  emit(0, unused, unused, 0, offset);
}

void BpfAssembler::call(bpf_func_id function) {
  emit(BPF_JMP | BPF_CALL, unused, unused, 0, static_cast<int>(function));
}

void BpfAssembler::jump(Label to) {
  jumps_.push_back({code_.size(), to.index_});
  emit(BPF_JMP | BPF_JA, unused, unused, 0, 0);
}

void BpfAssembler::jump_if(Comparison comparison, Register left, int right, Label to) {
  jumps_.push_back({code_.size(), to.index_});
  emit(BPF_JMP | BPF_K | static_cast<unsigned>(comparison), left, unused, 0, right);
}

void BpfAssembler::jump_if(Comparison comparison, Register left, Register right, Label to) {
  jumps_.push_back({code_.size(), to.index_});
  emit(BPF_JMP | BPF_X | static_cast<unsigned>(comparison), left, right, 0, 0);
}

void BpfAssembler::exit() { emit(BPF_JMP | BPF_EXIT, unused, unused, 0, 0); }

std::vector<bpf_insn> BpfAssembler::finish() const {
  std::vector<bpf_insn> code = code_;
  for (const Jump& jump : jumps_) {
    const std::size_t target = labels_.at(jump.label);
    if (target == not_placed) throw std::logic_error("a jump to a label that was not placed");
    const auto distance = static_cast<std::ptrdiff_t>(target) - static_cast<std::ptrdiff_t>(jump.instruction) - 1;
    code[jump.instruction].off = static_cast<short>(distance);
  }
  return code;
}

void BpfAssembler::emit(unsigned code, Register to, Register from, int offset, int immediate) {
  bpf_insn instruction{};
  instruction.code = static_cast<unsigned char>(code);
  instruction.dst_reg = static_cast<unsigned>(to) & 0xfU;
  instruction.src_reg = static_cast<unsigned>(from) & 0xfU;
  instruction.off = static_cast<short>(offset);
  instruction.imm = immediate;
  code_.push_back(instruction);
}

}  // namespace keepalive::command
