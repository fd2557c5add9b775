/// @file
/// Instructions as the kernel's documents encode them.
#include "command/cgroup/assembler.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <stdexcept>

namespace {

using namespace keepalive::command;
using enum Register;
using enum Comparison;

/// `b7 1 0 0 7`: code, destination, source, offset, immediate.
std::string text_of(const bpf_insn& instruction) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%02x %u %u %d %d", instruction.code, unsigned{instruction.dst_reg},
                unsigned{instruction.src_reg}, instruction.off, instruction.imm);
  return text.data();
}

std::vector<std::string> texts_of(const BpfAssembler& assembler) {
  std::vector<std::string> texts;
  for (const bpf_insn& instruction : assembler.finish()) texts.push_back(text_of(instruction));
  return texts;
}

using Texts = std::vector<std::string>;

TEST(AssemblerTest, Arithmetic) {
  BpfAssembler code;
  code.move(r1, r2);
  code.move(r1, -7);
  code.add(r3, r4);
  code.add(r3, 4);
  code.multiply(r5, r6);
  code.multiply(r5, 1000);
  EXPECT_EQ(texts_of(code),
            (Texts{"bf 1 2 0 0", "b7 1 0 0 -7", "0f 3 4 0 0", "07 3 0 0 4", "2f 5 6 0 0", "27 5 0 0 1000"}));
}

TEST(AssemblerTest, Memory) {
  BpfAssembler code;
  code.load_word(r1, r2, 8);
  code.load_double_word(r1, r2, 16);
  code.store_word(r10, -4, r3);
  code.load_map_value(r7, 5, 24);
  EXPECT_EQ(texts_of(code), (Texts{"61 1 2 8 0", "79 1 2 16 0", "63 10 3 -4 0", "18 7 2 0 5", "00 0 0 0 24"}));
}

TEST(AssemblerTest, CallAndExit) {
  BpfAssembler code;
  code.call(BPF_FUNC_setsockopt);
  code.exit();
  EXPECT_EQ(texts_of(code), (Texts{"85 0 0 0 49", "95 0 0 0 0"}));
}

TEST(AssemblerTest, JumpsForwardAndBack) {
  BpfAssembler code;
  const auto start = code.new_label();
  const auto end = code.new_label();
  code.place(start);
  code.jump_if(equal, r1, 3, end);
  code.jump_if(not_equal, r1, r2, start);
  code.jump_if(greater, r1, r2, end);
  code.jump_if(less_or_equal, r1, 4, end);
  code.jump_if(signed_less, r1, 4, end);
  code.jump_if(signed_greater, r1, 4, end);
  code.jump(start);
  code.place(end);
  code.exit();
  EXPECT_EQ(texts_of(code), (Texts{"15 1 0 6 3", "5d 1 2 -2 0", "2d 1 2 4 0", "b5 1 0 3 4", "c5 1 0 2 4", "65 1 0 1 4",
                                   "05 0 0 -7 0", "95 0 0 0 0"}));
}

TEST(AssemblerTest, ALabelHasToBePlaced) {
  BpfAssembler code;
  code.jump(code.new_label());
  EXPECT_THROW(static_cast<void>(code.finish()), std::logic_error);
}

}  // namespace
