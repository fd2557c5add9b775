/// @file
/// bpf(2) in the few forms that are used here. A failure is -1 or false, and errno.
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "keepalive/descriptor.h"

namespace keepalive::command {

/// The name of our programs and maps, as bpftool(8) shows it.
inline constexpr char bpf_object_name[] = "keepalive";

/// An array map of one element.
Descriptor create_map(std::size_t value_size);
bool write_map(int map, const void* value);
/// Fails with EINVAL if the map is of another kind or its value has another size.
bool read_map(int map, void* value, std::size_t value_size);

Descriptor load_program(bpf_prog_type type, bpf_attach_type attach_type, const std::vector<bpf_insn>& code);

/// Adds a program to those of the cgroup. @param replaced the program that it replaces; -1: none.
bool attach_program(int cgroup, bpf_attach_type type, int program, int replaced);
bool detach_program(int cgroup, bpf_attach_type type, int program);
/// Attaches the program until the returned descriptor is closed. Linux 5.7.
Descriptor attach_program_for_now(int cgroup, bpf_attach_type type, int program);

struct AttachedPrograms {
  std::vector<std::uint32_t> ids;
  std::uint32_t flags = 0;  ///< BPF_F_ALLOW_... that they were attached with
};

/// The programs attached to this very cgroup.
bool query_programs(int cgroup, bpf_attach_type type, AttachedPrograms& programs);

/// open_program() and open_map() need CAP_SYS_ADMIN.
Descriptor open_program(std::uint32_t id);
Descriptor open_map(std::uint32_t id);

struct ProgramInfo {
  std::string name;
  std::vector<std::uint32_t> maps;  ///< ids of its first few maps
};

ProgramInfo program_info(int program);

}  // namespace keepalive::command
