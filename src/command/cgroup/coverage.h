/// @file
/// Which cgroups and processes `attach` covers.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>

#include "command/cgroup/hierarchy.h"

namespace keepalive::command {

/// This cgroup, or the nearest above it, that has programs of ours; empty if there is none. They act in the cgroup.
/// Throws Error and BpfError.
std::string nearest_attached(const Hierarchy& hierarchy, const std::string& cgroup);

/// Whether `attach` covers all of these processes. False also if this cannot be found out.
bool attach_covers(const std::set<pid_t>& processes);

}  // namespace keepalive::command
