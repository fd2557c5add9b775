#include "command/cgroup/coverage.h"

#include <sys/stat.h>

#include <algorithm>

#include "command/cgroup/attachment.h"
#include "command/cgroup/target.h"
#include "command/cli/error.h"
#include "command/sockets/survey.h"

namespace keepalive::command {

std::string nearest_attached(const Hierarchy& hierarchy, const std::string& cgroup) {
  for (std::optional<std::string> next = cgroup; next; next = parent_of(*next)) {
    if (hierarchy.folder_of(*next).empty()) break;
    if (find_our_program(open_cgroup(hierarchy, *next).get(), sock_ops_type)) return *next;
  }
  return "";
}

std::vector<std::string> describe_uncovered(const Hierarchy& hierarchy, const ListenersByCgroup& listeners) {
  std::vector<std::string> lines;
  if (listeners.empty()) return lines;
  std::map<std::uint64_t, std::string> paths;
  hierarchy.walk(hierarchy.top(), [&](const std::string& cgroup) {
    struct stat folder {};
    if (stat(hierarchy.folder_of(cgroup).c_str(), &folder) == 0) paths[folder.st_ino] = cgroup;
  });
  for (const auto& [id, sockets] : listeners) {
    const auto found = paths.find(id);
    // If the cgroup was removed, only those above it can still be attached to.
    const std::string cgroup = found != paths.end() ? found->second : hierarchy.top();
    if (!nearest_attached(hierarchy, cgroup).empty()) continue;
    lines.push_back(
        describe_all(sockets) + ": what is accepted there is not covered, because the listener was made in " +
        (hierarchy.is_machine_root(cgroup) ? "the root cgroup, or in one that is gone: use keepalive set for it"
                                           : "the cgroup " + cgroup + ": attach to that too"));
  }
  return lines;
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
