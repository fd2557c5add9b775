#include "command/cgroup/attachment.h"

#include <cerrno>

#include "command/cgroup/program.h"

namespace keepalive::command {
namespace {

using Step = BpfError::Step;

[[noreturn]] void fail(Step step) { throw BpfError{step, errno}; }

Descriptor make_map(const Record& record) {
  Descriptor map = create_map(sizeof record);
  if (map.get() < 0 || !write_map(map.get(), &record)) fail(Step::make);
  return map;
}

Descriptor load(bpf_prog_type type, bpf_attach_type attach_type, const std::vector<bpf_insn>& code) {
  Descriptor program = load_program(type, attach_type, code);
  if (program.get() < 0) fail(Step::load);
  return program;
}

// The record in one of the program's maps. None if the program is not ours. Only the record's magic shows that: other
// programs may have the same name.
std::optional<Record> record_of(int program) {
  const ProgramInfo info = program_info(program);
  if (info.name != bpf_object_name) return std::nullopt;
  for (const std::uint32_t id : info.maps) {
    const Descriptor map = open_map(id);
    if (map.get() < 0) fail(Step::query);
    Record record;
    if (read_map(map.get(), &record, sizeof record) && record.magic == Record::our_magic) return record;
  }
  return std::nullopt;
}

void attach(int cgroup, bpf_attach_type type, const Descriptor& program, const std::optional<OurProgram>& replaced) {
  const int old = replaced ? replaced->descriptor.get() : -1;
  if (!attach_program(cgroup, type, program.get(), old)) fail(Step::attach);
}

void detach(int cgroup, bpf_attach_type type, const std::optional<OurProgram>& program) {
  if (program && !detach_program(cgroup, type, program->descriptor.get())) fail(Step::detach);
}

}  // namespace

std::optional<OurProgram> find_our_program(int cgroup, bpf_attach_type type) {
  AttachedPrograms attached;
  if (!query_programs(cgroup, type, attached)) fail(Step::query);
  for (const std::uint32_t id : attached.ids) {
    Descriptor program = open_program(id);
    if (program.get() < 0 && errno == ENOENT) continue;  // detached meanwhile
    if (program.get() < 0) fail(Step::query);
    const std::optional<Record> record = record_of(program.get());
    if (record) return OurProgram{std::move(program), settings_of(*record)};
  }
  return std::nullopt;
}

void attach_to_cgroup(int cgroup, const Settings& settings, const OptionValues& system) {
  const bool forced = settings.mode == Mode::force;
  const Record record = make_record(settings, system);
  // The steps that change nothing come first: if the kernel refuses one, everything stays as it was.
  const Descriptor map = make_map(record);
  const Descriptor sock_ops = load(BPF_PROG_TYPE_SOCK_OPS, sock_ops_type, make_sock_ops_program(record, map.get()));
  Descriptor setsockopt;
  if (forced) {
    setsockopt = load(BPF_PROG_TYPE_CGROUP_SOCKOPT, setsockopt_type, make_setsockopt_program(record, map.get()));
  }
  const std::optional<OurProgram> old_sock_ops = find_our_program(cgroup, sock_ops_type);
  const std::optional<OurProgram> old_setsockopt = find_our_program(cgroup, setsockopt_type);

  if (forced) attach(cgroup, setsockopt_type, setsockopt, old_setsockopt);
  try {
    attach(cgroup, sock_ops_type, sock_ops, old_sock_ops);
  } catch (const BpfError&) {
    if (forced && old_setsockopt) {
      attach_program(cgroup, setsockopt_type, old_setsockopt->descriptor.get(), setsockopt.get());
    } else if (forced) {
      detach_program(cgroup, setsockopt_type, setsockopt.get());
    }
    throw;
  }
  if (!forced) detach(cgroup, setsockopt_type, old_setsockopt);
}

bool detach_from_cgroup(int cgroup) {
  const std::optional<OurProgram> sock_ops = find_our_program(cgroup, sock_ops_type);
  const std::optional<OurProgram> setsockopt = find_our_program(cgroup, setsockopt_type);
  detach(cgroup, setsockopt_type, setsockopt);
  detach(cgroup, sock_ops_type, sock_ops);
  return sock_ops || setsockopt;
}

}  // namespace keepalive::command
