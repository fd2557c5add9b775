/// @file
/// Why the kernel refuses, and what would help, for people.
#pragma once

#include <string>

#include "command/cgroup/attachment.h"
#include "command/cgroup/hierarchy.h"
#include "command/cgroup/trial.h"

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

/// One sentence or two for a refusal at this cgroup.
std::string explain(const BpfError& refusal, const Hierarchy& hierarchy, const std::string& cgroup);

/// Throws Error (status_partly) if the kernel is too old for these settings.
void require(KernelSupport support, const Settings& settings);

}  // namespace keepalive::command
