#include "command/cgroup/coverage.h"

#include <algorithm>

#include "command/cgroup/attachment.h"
#include "command/cgroup/target.h"
#include "command/cli/error.h"

namespace keepalive::command {

std::string nearest_attached(const Hierarchy& hierarchy, const std::string& cgroup) {
  for (std::optional<std::string> next = cgroup; next; next = parent_of(*next)) {
    if (hierarchy.folder_of(*next).empty()) break;
    if (find_our_program(open_cgroup(hierarchy, *next).get(), sock_ops_type)) return *next;
  }
  return "";
}

bool attach_covers(const std::set<pid_t>& processes) {
  try {
    const Hierarchy hierarchy;
    std::set<std::string> cgroups;
    for (const pid_t pid : processes) cgroups.insert(cgroup_of(pid).value_or(""));
    return std::all_of(cgroups.begin(), cgroups.end(), [&](const std::string& cgroup) {
      return !cgroup.empty() && !nearest_attached(hierarchy, cgroup).empty();
    });
  } catch (const Error&) {
    return false;
  } catch (const BpfError&) {
    return false;
  }
}

}  // namespace keepalive::command
