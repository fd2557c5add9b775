/// @file
/// Messages for a call of bpf(2) that the kernel has refused: why, and what would help.
#pragma once

#include <string>

#include "command/cgroup/attachment.h"
#include "command/cgroup/hierarchy.h"

namespace keepalive::command {

/// The rights of this process that bpf(2) asks for.
struct Rights {
  bool bpf = false;
  bool net_admin = false;
  bool sys_admin = false;
  bool in_user_namespace = false;
};

/// From the texts of /proc/self/status and /proc/self/uid_map.
Rights read_rights(const std::string& status, const std::string& uid_map);

/// Throws Error (status_partly) if bpf(2) would refuse to attach, or to detach, for lack of rights.
void require_rights_to_attach();
void require_rights_to_detach();

/// One or two sentences about what bpf(2) refused to do on this cgroup.
std::string explain(const BpfError& refusal, const Hierarchy& hierarchy, const std::string& cgroup);

}  // namespace keepalive::command
