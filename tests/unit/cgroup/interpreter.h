/// @file
/// Runs eBPF instructions here, with a socket that is a table of options instead of the kernel's helpers.
#pragma once

#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

namespace bpf_test {

/// A TCP socket for the helpers bpf_setsockopt and bpf_getsockopt.
struct FakeSocket {
  using Key = std::pair<int, int>;  ///< level, number
  std::map<Key, int> options;       ///< what the kernel knows; others fail
  std::vector<Key> set_calls;       ///< in their order

  int set(int level, int number, int value) {
    const auto option = options.find({level, number});
    if (option == options.end()) return -ENOPROTOOPT;
    if (value == 0) return -EINVAL;
    set_calls.emplace_back(level, number);
    option->second = value;
    return 0;
  }

  int get(int level, int number, int& value) const {
    const auto option = options.find({level, number});
    value = option != options.end() ? option->second : 0;
    return option != options.end() ? 0 : -ENOPROTOOPT;
  }
};

/// Result of a program, r0. Fails the test if the program does what only a broken one does.
inline std::uint64_t interpret(const std::vector<bpf_insn>& code, void* context, void* map_value, FakeSocket& socket) {
  std::array<std::uint64_t, 11> r{};
  alignas(8) std::array<char, 512> stack{};
  r[1] = reinterpret_cast<std::uintptr_t>(context);
  r[10] = reinterpret_cast<std::uintptr_t>(stack.data() + stack.size());
  const auto memory = [&](std::uint64_t base, int offset) {
    // Addresses are numbers in BPF.
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    return reinterpret_cast<char*>(base + static_cast<std::uint64_t>(offset));
  };
  constexpr unsigned addition = BPF_ALU64 | BPF_ADD;
  int steps = 0;
  for (std::size_t at = 0; at < code.size(); ++at) {
    if (++steps > 10000) {
      ADD_FAILURE() << "the program does not end";
      return 0;
    }
    const bpf_insn& i = code[at];
    std::uint64_t& to = r.at(i.dst_reg);
    const std::uint64_t from =
        (i.code & BPF_X) != 0 ? r.at(i.src_reg) : static_cast<std::uint64_t>(std::int64_t{i.imm});
    const auto jump_if = [&](bool condition) { at += condition ? static_cast<std::size_t>(i.off) : 0; };
    switch (i.code) {
      case BPF_ALU64 | BPF_MOV | BPF_K:
      case BPF_ALU64 | BPF_MOV | BPF_X:
        to = from;
        break;
      case addition | BPF_K:
      case addition | BPF_X:
        to += from;
        break;
      case BPF_ALU64 | BPF_MUL | BPF_K:
      case BPF_ALU64 | BPF_MUL | BPF_X:
        to *= from;
        break;
      case BPF_LDX | BPF_MEM | BPF_W: {
        std::uint32_t word = 0;
        std::memcpy(&word, memory(r.at(i.src_reg), i.off), sizeof word);
        to = word;
        break;
      }
      case BPF_LDX | BPF_MEM | BPF_DW:
        std::memcpy(&to, memory(r.at(i.src_reg), i.off), sizeof to);
        break;
      case BPF_STX | BPF_MEM | BPF_W: {
        const auto word = static_cast<std::uint32_t>(r.at(i.src_reg));
        std::memcpy(memory(to, i.off), &word, sizeof word);
        break;
      }
      case BPF_LD | BPF_IMM | BPF_DW:
        EXPECT_EQ(i.src_reg, BPF_PSEUDO_MAP_VALUE);
        to = reinterpret_cast<std::uintptr_t>(map_value) + static_cast<std::uint64_t>(code.at(++at).imm);
        break;
      case BPF_JMP | BPF_JA:
        jump_if(true);
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
      case BPF_JMP | BPF_JEQ | BPF_X:
        jump_if(to == from);
        break;
      case BPF_JMP | BPF_JNE | BPF_K:
      case BPF_JMP | BPF_JNE | BPF_X:
        jump_if(to != from);
        break;
      case BPF_JMP | BPF_JGT | BPF_X:
        jump_if(to > from);
        break;
      case BPF_JMP | BPF_JLE | BPF_K:
        jump_if(to <= from);
        break;
      case BPF_JMP | BPF_JSLT | BPF_K:
        jump_if(static_cast<std::int64_t>(to) < static_cast<std::int64_t>(from));
        break;
      case BPF_JMP | BPF_JSGT | BPF_K:
        jump_if(static_cast<std::int64_t>(to) > static_cast<std::int64_t>(from));
        break;
      case BPF_JMP | BPF_CALL: {
        EXPECT_EQ(r[1], reinterpret_cast<std::uintptr_t>(context));
        EXPECT_EQ(r[5], sizeof(int));
        const auto level = static_cast<int>(r[2]);
        const auto number = static_cast<int>(r[3]);
        int value = 0;
        std::memcpy(&value, memory(r[4], 0), sizeof value);
        const int result =
            i.imm == BPF_FUNC_setsockopt ? socket.set(level, number, value) : socket.get(level, number, value);
        if (i.imm == BPF_FUNC_getsockopt) std::memcpy(memory(r[4], 0), &value, sizeof value);
        r[0] = static_cast<std::uint64_t>(std::int64_t{result});
        for (std::size_t lost = 1; lost <= 5; ++lost) r.at(lost) = 0xdeadbeef;
        break;
      }
      case BPF_JMP | BPF_EXIT:
        return r[0];
      default:
        ADD_FAILURE() << "instruction " << static_cast<int>(i.code);
        return 0;
    }
  }
  ADD_FAILURE() << "the program has no end";
  return 0;
}

}  // namespace bpf_test
