#include "command/cgroup/target.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "command/cgroup/unit.h"
#include "command/cli/error.h"
#include "command/cli/number.h"
#include "command/cli/output.h"
#include "command/cli/printable.h"
#include "keepalive/value.h"

namespace keepalive::command {
namespace {

namespace fs = std::filesystem;

// The type of the file system that the path lies in; 0 if there is no such path.
unsigned long file_system_of(const std::string& path) {
  struct statfs status {};
  return statfs(path.c_str(), &status) == 0 ? static_cast<unsigned long>(status.f_type) : 0;
}

bool is_cgroup(const std::string& folder) {
  std::error_code ignored;
  return !folder.empty() && file_system_of(folder) == CGROUP2_SUPER_MAGIC && fs::is_directory(folder, ignored);
}

std::string without_slashes_at_end(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string where_it_is(const Hierarchy& hierarchy) {
  const std::string folder = hierarchy.mounted_at();
  return folder.empty() ? "cgroup v2 is not mounted here" : "cgroup v2 is mounted at " + folder;
}

std::string cgroup_at_path(const Hierarchy& hierarchy, const std::string& path) {
  std::error_code ignored;
  const unsigned long file_system = file_system_of(path);
  if (file_system == CGROUP_SUPER_MAGIC) {
    throw Error(status_partly, quoted(path) + " is a cgroup v1, where BPF programs cannot be attached; " +
                                   where_it_is(hierarchy) + ", /proc/PID/cgroup has its paths in the line 0::");
  }
  if (file_system == CGROUP2_SUPER_MAGIC) {
    auto cgroup = hierarchy.cgroup_at(without_slashes_at_end(fs::canonical(path, ignored)));
    if (cgroup && is_cgroup(path)) return *cgroup;
  }
  std::string cgroup = without_slashes_at_end(path);
  if (is_cgroup(hierarchy.folder_of(cgroup))) return cgroup;
  throw Error(status_partly,
              quoted(path) + " is no cgroup; " + where_it_is(hierarchy) + ", and systemd-cgls shows what there is");
}

// Without systemd, nearly all processes are in the root cgroup: attaching there covers them all, so the user has to say
// that this is meant.
void refuse_machine_root(const Hierarchy& hierarchy, const std::string& cgroup, const std::string& what) {
  if (!hierarchy.is_machine_root(cgroup)) return;
  const bool only_root = hierarchy.mounted_at().empty();
  throw Error(status_partly, what + " the root cgroup, that of the whole machine" +
                                 (only_root ? "; cgroup v2 is not mounted, so there is no other" : "") +
                                 ": say 'machine' if you mean that");
}

std::string cgroup_of_process(const Hierarchy& hierarchy, const std::string& name, pid_t pid) {
  const std::optional<std::string> cgroup = cgroup_of(pid);
  if (!cgroup) {
    const bool exists = access(("/proc/" + std::to_string(pid)).c_str(), F_OK) == 0;
    throw Error(status_partly, exists ? "process " + name + " is in no cgroup v2" : "there is no process " + name);
  }
  refuse_machine_root(hierarchy, *cgroup, (name == "self" ? "this command" : "process " + name) + " is in");
  return *cgroup;
}

}  // namespace

std::string find_target(const Hierarchy& hierarchy, const std::string& target) {
  if (target == "machine") {
    if (!hierarchy.is_machine_root(hierarchy.top())) {
      throw Error(status_partly,
                  "the root cgroup of the machine cannot be seen from within this container; "
                  "run this on the host, or name self");
    }
    return hierarchy.top();
  }
  if (target == "self") return cgroup_of_process(hierarchy, target, getpid());
  if (is_number(target.c_str())) {
    const pid_t pid = whole_number(target).value_or(0);
    if (pid == 0) throw Error(status_partly, "there is no process " + shortened(target));
    return cgroup_of_process(hierarchy, target, pid);
  }
  if (target.rfind('/', 0) == 0) {
    std::string cgroup = cgroup_at_path(hierarchy, target);
    refuse_machine_root(hierarchy, cgroup, quoted(target) + " is");
    return cgroup;
  }
  if (is_unit_name(target)) return cgroup_of_unit(target);
  for (const std::string suffix : {".timer", ".target", ".path", ".automount", ".device"}) {
    if (target.ends_with(suffix)) {
      throw Error(status_usage,
                  quoted(target) + " has no processes of its own; name the unit that it starts (NAME.service)");
    }
  }
  const bool may_lack_suffix = is_unit_name(target + ".service") && target[0] != '.';
  throw Error(status_usage, quoted(target) + " is not a unit" +
                                (may_lack_suffix ? " (" + shortened(target) + ".service?)" : "") +
                                ", a PID, the path of a cgroup (/...), self or machine");
}

int for_each_target(const std::string& subcommand, const Hierarchy& hierarchy, const Arguments& targets,
                    const std::string& for_stopped, const std::function<void()>& require_rights,
                    const std::function<void(const std::string& target, const std::string& cgroup)>& act) {
  int status = status_done;
  const auto attempt = [&](const auto& step) {
    try {
      step();
    } catch (const UnitStopped& error) {
      say(subcommand, error.what() + for_stopped);
      status = std::max<int>(status, error.status());
    } catch (const Error& error) {
      say(subcommand, error.what());
      status = std::max<int>(status, error.status());
    }
  };
  const auto try_each = [&](const auto& step) {
    for (std::size_t i = 0; i < targets.size(); ++i) attempt([&] { step(i); });
  };
  std::vector<std::string> cgroups(targets.size());
  try_each([&](std::size_t i) { cgroups[i] = find_target(hierarchy, targets[i]); });
  attempt(require_rights);
  if (status == status_done) {
    std::set<std::string> done;
    try_each([&](std::size_t i) {
      if (done.count(cgroups[i]) != 0) return;
      act(targets[i], cgroups[i]);
      done.insert(cgroups[i]);
    });
  } else if (targets.size() > 1) {
    say(subcommand, "nothing was changed");
  }
  return status;
}

// A number that is another process's meanwhile must not bring the cgroup of that process in. So a number counts only if
// it is a member both before and after its cgroup is read.
Group find_members(const Hierarchy& hierarchy, const std::string& cgroup) {
  std::map<pid_t, std::string> paths;
  for (const pid_t pid : hierarchy.processes_in(cgroup)) paths[pid] = cgroup_of(pid).value_or("");
  Group group;
  std::set<std::string> inside;
  for (const pid_t pid : hierarchy.processes_in(cgroup)) {
    const auto found = paths.find(pid);
    if (found == paths.end()) continue;
    group.members.push_back(pid);
    inside.insert(found->second);
  }
  group.has = [inside](pid_t pid) { return inside.count(cgroup_of(pid).value_or("")) != 0; };
  return group;
}

Flag cgroup_flag(std::vector<Group>& groups) {
  const auto add = [&groups](const std::string& target) {
    const Hierarchy hierarchy;
    const std::string cgroup = find_target(hierarchy, target);
    static_cast<void>(open_cgroup(hierarchy, cgroup));  // throws if it cannot be seen here
    Group group = find_members(hierarchy, cgroup);
    if (group.members.empty()) throw Error(status_partly, "no process is in the cgroup " + cgroup);
    groups.push_back(std::move(group));
  };
  const auto claims = [](const std::string& operand) {
    return operand == "machine" || operand == "self" || is_unit_name(operand) || is_cgroup(operand);
  };
  return {"cgroup", "TARGET",
          "only processes of a unit (NAME.service), of the cgroup of a PID, of a cgroup (/PATH), of self or machine; "
          "as for attach",
          add, claims};
}

Descriptor try_open_cgroup(const Hierarchy& hierarchy, const std::string& cgroup) {
  return Descriptor(open(hierarchy.folder_of(cgroup).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Descriptor open_cgroup(const Hierarchy& hierarchy, const std::string& cgroup) {
  if (hierarchy.folder_of(cgroup).empty()) {
    throw Error(status_partly, "the cgroup " + cgroup + " is outside of what is seen here; run this on the host");
  }
  Descriptor descriptor = try_open_cgroup(hierarchy, cgroup);
  if (descriptor.get() < 0 && errno == ENOENT) {
    throw Error(status_partly,
                "there is no cgroup " + cgroup + ": no process has run in it; " + where_it_is(hierarchy));
  }
  if (descriptor.get() < 0) {
    throw Error(status_partly,
                "the cgroup " + cgroup + " cannot be opened: " + describe_error(errno) + "; " + where_it_is(hierarchy));
  }
  return descriptor;
}

}  // namespace keepalive::command
