/// @file
/// BPF programs that are not the product's, and a count of those that are. Uses none of the product's code.
#pragma once

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>

#include "keepalive/descriptor.h"

namespace bpf_test {

using keepalive::Descriptor;

inline long bpf(bpf_cmd command, bpf_attr attributes) {
  return syscall(SYS_bpf, command, &attributes, sizeof attributes);
}

inline std::uint64_t address_of(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

/// A sock_ops program of somebody else, attached to a cgroup; it counts how often it runs. Gone with its owner.
class ForeignProgram {
 public:
  ForeignProgram(const std::string& folder, unsigned flags, const std::string& name) {
    bpf_attr map{};
    map.map_type = BPF_MAP_TYPE_ARRAY;
    map.key_size = 4;
    map.value_size = 8;
    map.max_entries = 1;
    std::memcpy(map.map_name, name.data(), name.size());
    map_ = Descriptor(bpf(BPF_MAP_CREATE, map));

    const std::array<bpf_insn, 6> code{
        instruction(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_VALUE, 0, map_.get()),
        instruction(0, 0, 0, 0, 0),
        instruction(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 1),
        instruction(BPF_STX | BPF_XADD | BPF_DW, 1, 2, 0, 0),
        instruction(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1),
        instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
    };
    bpf_attr program{};
    program.prog_type = BPF_PROG_TYPE_SOCK_OPS;
    program.insns = address_of(code.data());
    program.insn_cnt = code.size();
    program.license = address_of("MIT");
    std::memcpy(program.prog_name, name.data(), name.size());
    program_ = Descriptor(bpf(BPF_PROG_LOAD, program));

    cgroup_ = Descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    bpf_attr attach = attachment();
    attach.attach_flags = flags;
    attached_ = bpf(BPF_PROG_ATTACH, attach) == 0;
  }
  ForeignProgram(const ForeignProgram&) = delete;
  ForeignProgram& operator=(const ForeignProgram&) = delete;
  ~ForeignProgram() { bpf(BPF_PROG_DETACH, attachment()); }

  [[nodiscard]] bool attached() const { return attached_; }

  [[nodiscard]] long long runs() const {
    const int key = 0;
    long long count = -1;
    bpf_attr attributes{};
    attributes.map_fd = static_cast<unsigned>(map_.get());
    attributes.key = address_of(&key);
    attributes.value = address_of(&count);
    return bpf(BPF_MAP_LOOKUP_ELEM, attributes) == 0 ? count : -1;
  }

 private:
  static bpf_insn instruction(unsigned code, unsigned to, unsigned from, short offset, int immediate) {
    bpf_insn made{};
    made.code = static_cast<unsigned char>(code);
    made.dst_reg = to & 0xfU;
    made.src_reg = from & 0xfU;
    made.off = offset;
    made.imm = immediate;
    return made;
  }

  [[nodiscard]] bpf_attr attachment() const {
    bpf_attr attributes{};
    attributes.target_fd = static_cast<unsigned>(cgroup_.get());
    attributes.attach_bpf_fd = static_cast<unsigned>(program_.get());
    attributes.attach_type = BPF_CGROUP_SOCK_OPS;
    return attributes;
  }

  Descriptor map_;
  Descriptor program_;
  Descriptor cgroup_;
  bool attached_ = false;
};

/// How many programs and maps of the machine have the name.
inline std::pair<int, int> count_programs_and_maps(const std::string& name) {
  const auto count = [&name](bpf_cmd next, bpf_cmd get, auto info) {
    int found = 0;
    bpf_attr at{};
    while (syscall(SYS_bpf, next, &at, sizeof at) == 0) {
      at.start_id = at.next_id;
      bpf_attr by_id{};
      by_id.prog_id = at.next_id;  // a union: the map's id too
      const Descriptor fd(bpf(get, by_id));
      bpf_attr query{};
      query.info.bpf_fd = static_cast<unsigned>(fd.get());
      query.info.info_len = sizeof info;
      query.info.info = address_of(&info);
      if (bpf(BPF_OBJ_GET_INFO_BY_FD, query) == 0 && name == info.name) ++found;
    }
    return found;
  };
  return {count(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID, bpf_prog_info{}),
          count(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID, bpf_map_info{})};
}

}  // namespace bpf_test
