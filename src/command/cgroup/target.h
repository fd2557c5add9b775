/// @file
/// The cgroup that a user means.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "command/cgroup/hierarchy.h"
#include "command/cli/command_line.h"
#include "command/sockets/selection.h"

namespace keepalive::command {

/// The cgroup of a target: a systemd unit (`cron.service`), a PID, the path of a cgroup (as in /proc/PID/cgroup, or of
/// its folder), `self`, `machine`.
/// Throws Error that says what would help: status_usage if the text is no target at all, else status_partly.
std::string find_target(const Hierarchy& hierarchy, const std::string& target);

/// Calls `act` for each target and its cgroup, but not again for a cgroup that is done. If one of the targets cannot be
/// found (to the error of a unit that does not run, `for_stopped` is added), or `require_rights` throws Error, nothing
/// is done for any. The user hears of both at once. An Error that `act` throws goes to standard error, and the next
/// target follows. Returns the exit status: the highest status of an error, else 0.
int for_each_target(const std::string& subcommand, const Hierarchy& hierarchy, const Arguments& targets,
                    const std::string& for_stopped, const std::function<void()>& require_rights,
                    const std::function<void(const std::string& target, const std::string& cgroup)>& act);

/// The processes in the cgroup and in those below it.
Group find_members(const Hierarchy& hierarchy, const std::string& cgroup);

/// `--cgroup TARGET`, which adds all processes in that cgroup, and in those below it, to `groups`.
/// Throws Error, also if there is no process in them.
Flag cgroup_flag(std::vector<Group>& groups);

/// Descriptor of the folder of a cgroup; -1 and errno on failure.
Descriptor try_open_cgroup(const Hierarchy& hierarchy, const std::string& cgroup);

/// The same. Throws Error (status_partly).
Descriptor open_cgroup(const Hierarchy& hierarchy, const std::string& cgroup);

}  // namespace keepalive::command
