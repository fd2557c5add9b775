/// @file
/// Which cgroups and processes `attach` covers.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "command/cgroup/hierarchy.h"

namespace keepalive::command {

/// This cgroup, or the nearest above it, that has programs of ours; empty if there is none. They act in the cgroup.
/// Throws Error and BpfError.
std::string nearest_attached(const Hierarchy& hierarchy, const std::string& cgroup);

/// Listeners, by the ID of the cgroup that they belong to (DumpedSocket). That is the cgroup in which they were made,
/// also if their process has moved since.
using ListenersByCgroup = std::map<std::uint64_t, std::vector<std::string>>;

/// A text for each of these cgroups that `attach` does not cover: which listeners belong to it, and what helps.
/// Throws Error and BpfError.
std::vector<std::string> describe_uncovered(const Hierarchy& hierarchy, const ListenersByCgroup& listeners);

/// Whether `attach` covers all of these processes. False also if this cannot be found out.
bool attach_covers(const std::set<pid_t>& processes);

}  // namespace keepalive::command
