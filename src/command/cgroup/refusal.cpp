#include "command/cgroup/refusal.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "command/cli/error.h"
#include "command/program/file.h"

namespace keepalive::command {
namespace {

// linux/capability.h; CAP_BPF is absent from older headers.
constexpr int cap_net_admin = 12;
constexpr int cap_sys_admin = 21;
constexpr int cap_bpf = 39;

constexpr char rights_to_attach[] = "CAP_BPF and CAP_NET_ADMIN";

bool can_attach(const Rights& rights) { return rights.bpf && rights.net_admin; }

std::string on_the_host() {
  const std::string as_root = " run it as root, outside of any container";
  // systemd.exec(5). A terminal of a desktop has these variables too.
  if (std::getenv("MANAGERPID") != nullptr)
    return "; a unit of systemctl --user has only keepalive run; else" + as_root;
  if (std::getenv("INVOCATION_ID") != nullptr)
    return "; in a unit: ExecStartPre=+keepalive ..., with the plus sign; else" + as_root;
  return ";" + as_root;
}

Rights own_rights() { return read_rights(read_text("/proc/self/status"), read_text("/proc/self/uid_map")); }

std::string missing_right(const Rights& rights, const std::string& needed, bool has_them) {
  if (rights.in_user_namespace)
    return "this is not possible in a user namespace (a rootless container)" + on_the_host();
  if (!has_them) return "this needs " + needed + on_the_host();
  return "the kernel refuses bpf(2) though this command has " + needed +
         ": a container's system call filter, a security module or kernel lockdown forbids it";
}

// Names the program that lets no other be attached beside it, and its cgroup: this one or one above. Empty if there is
// none.
std::string program_in_the_way(const Hierarchy& hierarchy, const std::string& cgroup) {
  for (std::optional<std::string> at = cgroup; at; at = parent_of(*at)) {
    const Descriptor folder(open(hierarchy.folder_of(*at).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (const bpf_attach_type type : {sock_ops_type, setsockopt_type}) {
      AttachedPrograms programs;
      if (!query_programs(folder.get(), type, programs) || programs.ids.empty()) continue;
      if ((programs.flags & BPF_F_ALLOW_MULTI) != 0) continue;
      const Descriptor program = open_program(programs.ids[0]);
      const std::string name = program.get() >= 0 ? program_info(program.get()).name : "";
      return "BPF program " + std::to_string(programs.ids[0]) + (name.empty() ? "" : " (" + name + ")") +
             " on the cgroup " + *at;
    }
  }
  return "";
}

std::string explain_attach(const Rights& rights, const Hierarchy& hierarchy, const std::string& cgroup) {
  const std::string program = program_in_the_way(hierarchy, cgroup);
  if (program.empty()) return missing_right(rights, "CAP_NET_ADMIN", rights.net_admin);
  return program +
         " allows no other program beside it; its owner has to detach it, or to attach it with BPF_F_ALLOW_MULTI "
         "(bpftool cgroup attach ... multi)";
}

}  // namespace

Rights read_rights(const std::string& status, const std::string& uid_map) {
  Rights rights;
  const std::string key = "\nCapEff:";
  const std::size_t found = status.find(key);
  if (found != std::string::npos) {
    const unsigned long long effective = std::strtoull(status.c_str() + found + key.size(), nullptr, 16);
    const auto has = [&](int capability) { return (effective >> capability & 1) != 0; };
    rights.net_admin = has(cap_net_admin);
    rights.sys_admin = has(cap_sys_admin);
    rights.bpf = has(cap_bpf) || rights.sys_admin;
  }
  unsigned long long inside = 0;
  unsigned long long outside = 0;
  unsigned long long count = 0;
  std::istringstream(uid_map) >> inside >> outside >> count;
  rights.in_user_namespace = count != 0 && (outside != 0 || count != 4294967295);
  return rights;
}

void require_rights_to_attach() {
  const Rights rights = own_rights();
  if (rights.in_user_namespace || !can_attach(rights)) {
    throw Error(status_partly, missing_right(rights, rights_to_attach, false));
  }
}

void require_rights_to_detach() {
  const Rights rights = own_rights();
  if (rights.in_user_namespace || !rights.net_admin) {
    throw Error(status_partly, missing_right(rights, "CAP_NET_ADMIN", false));
  }
}

std::string explain(const BpfError& refusal, const Hierarchy& hierarchy, const std::string& cgroup) {
  const Rights rights = own_rights();
  if (refusal.error == ENOSYS) return "this kernel has no bpf(2) (CONFIG_BPF_SYSCALL)";
  if (refusal.error == EPERM) {
    switch (refusal.step) {
      case BpfError::Step::make:
      case BpfError::Step::load:
        return missing_right(rights, rights_to_attach, can_attach(rights));
      case BpfError::Step::query:
        if (!rights.net_admin || rights.in_user_namespace) return missing_right(rights, "CAP_NET_ADMIN", false);
        return "without CAP_SYS_ADMIN this command cannot tell whether a BPF program on " + cgroup + " is its own" +
               on_the_host();
      case BpfError::Step::attach:
        return explain_attach(rights, hierarchy, cgroup);
      case BpfError::Step::detach:
        return missing_right(rights, "CAP_NET_ADMIN", rights.net_admin);
    }
  }
  const std::string cause = describe_error(refusal.error);
  switch (refusal.step) {
    case BpfError::Step::make:
    case BpfError::Step::load:
      return "this kernel does not take the BPF program (" + cause + "): that needs Linux 6.1, or 5.9 with --force";
    case BpfError::Step::query:
    case BpfError::Step::attach:
    case BpfError::Step::detach:
      break;
  }
  return "the kernel refuses BPF programs on the cgroup " + cgroup + ": " + cause +
         (refusal.error == EINVAL ? "; it may be built without CONFIG_CGROUP_BPF" : "");
}

}  // namespace keepalive::command
