#include "command/cgroup/bpf.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace keepalive::command {
namespace {

constexpr char license[] = "MIT";

long call(bpf_cmd command, bpf_attr& attributes) { return syscall(SYS_bpf, command, &attributes, sizeof attributes); }

std::uint64_t address_of(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

std::uint32_t number(int fd) { return static_cast<std::uint32_t>(fd); }

// Makes a map or a program. Before Linux 5.11 both count as locked memory: if that is used up, raises its limit first.
Descriptor make(bpf_cmd command, bpf_attr& attributes) {
  Descriptor made(call(command, attributes));
  if (made.get() >= 0 || errno != EPERM) return made;
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);
  return Descriptor(call(command, attributes));
}

template <class Info>
Info info_of(int fd, Info info) {
  bpf_attr attributes{};
  attributes.info.bpf_fd = number(fd);
  attributes.info.info_len = sizeof info;
  attributes.info.info = address_of(&info);
  return call(BPF_OBJ_GET_INFO_BY_FD, attributes) == 0 ? info : Info{};
}

// Reads or writes the only element of an array map.
bool call_for_element(bpf_cmd command, int map, const void* value) {
  const std::uint32_t key = 0;
  bpf_attr attributes{};
  attributes.map_fd = number(map);
  attributes.key = address_of(&key);
  attributes.value = address_of(value);
  return call(command, attributes) == 0;
}

}  // namespace

Descriptor create_map(std::size_t value_size) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = sizeof(std::uint32_t);
  attributes.value_size = static_cast<std::uint32_t>(value_size);
  attributes.max_entries = 1;
  std::memcpy(attributes.map_name, bpf_object_name, sizeof bpf_object_name);
  return make(BPF_MAP_CREATE, attributes);
}

bool write_map(int map, const void* value) { return call_for_element(BPF_MAP_UPDATE_ELEM, map, value); }

bool read_map(int map, void* value, std::size_t value_size) {
  const bpf_map_info info = info_of(map, bpf_map_info{});
  if (info.type != BPF_MAP_TYPE_ARRAY || info.value_size != value_size) {
    errno = EINVAL;
    return false;
  }
  return call_for_element(BPF_MAP_LOOKUP_ELEM, map, value);
}

Descriptor load_program(bpf_prog_type type, bpf_attach_type attach_type, const std::vector<bpf_insn>& code) {
  bpf_attr attributes{};
  attributes.prog_type = type;
  attributes.expected_attach_type = attach_type;
  attributes.insns = address_of(code.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(code.size());
  attributes.license = address_of(license);
  std::memcpy(attributes.prog_name, bpf_object_name, sizeof bpf_object_name);
  return make(BPF_PROG_LOAD, attributes);
}

bool attach_program(int cgroup, bpf_attach_type type, int program, int replaced) {
  bpf_attr attributes{};
  attributes.target_fd = number(cgroup);
  attributes.attach_bpf_fd = number(program);
  attributes.attach_type = type;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (replaced >= 0) {
    attributes.attach_flags |= BPF_F_REPLACE;
    attributes.replace_bpf_fd = number(replaced);
  }
  return call(BPF_PROG_ATTACH, attributes) == 0;
}

bool detach_program(int cgroup, bpf_attach_type type, int program) {
  bpf_attr attributes{};
  attributes.target_fd = number(cgroup);
  attributes.attach_bpf_fd = number(program);
  attributes.attach_type = type;
  return call(BPF_PROG_DETACH, attributes) == 0;
}

Descriptor attach_program_for_now(int cgroup, bpf_attach_type type, int program) {
  bpf_attr attributes{};
  attributes.link_create.prog_fd = number(program);
  attributes.link_create.target_fd = number(cgroup);
  attributes.link_create.attach_type = type;
  return Descriptor(call(BPF_LINK_CREATE, attributes));
}

bool query_programs(int cgroup, bpf_attach_type type, AttachedPrograms& programs) {
  std::array<std::uint32_t, 64> ids{};  // the kernel allows no more programs on a cgroup
  bpf_attr attributes{};
  attributes.query.target_fd = number(cgroup);
  attributes.query.attach_type = type;
  attributes.query.prog_ids = address_of(ids.data());
  attributes.query.prog_cnt = ids.size();
  if (call(BPF_PROG_QUERY, attributes) != 0) return false;
  programs.ids.assign(ids.begin(), ids.begin() + attributes.query.prog_cnt);
  programs.flags = attributes.query.attach_flags;
  return true;
}

Descriptor open_program(std::uint32_t id) {
  bpf_attr attributes{};
  attributes.prog_id = id;
  return Descriptor(call(BPF_PROG_GET_FD_BY_ID, attributes));
}

Descriptor open_map(std::uint32_t id) {
  bpf_attr attributes{};
  attributes.map_id = id;
  return Descriptor(call(BPF_MAP_GET_FD_BY_ID, attributes));
}

ProgramInfo program_info(int program) {
  std::array<std::uint32_t, 8> maps{};
  bpf_prog_info request{};
  request.nr_map_ids = maps.size();
  request.map_ids = address_of(maps.data());
  const bpf_prog_info info = info_of(program, request);
  ProgramInfo result{info.name, {}};
  for (const std::uint32_t id : maps) {
    if (id != 0) result.maps.push_back(id);
  }
  return result;
}

}  // namespace keepalive::command
