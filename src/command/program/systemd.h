/// @file
/// What systemd does to the program that a launcher starts: it starts the program itself, or gives it another cgroup.
#pragma once

#include <string>

#include "command/cli/command_line.h"

namespace keepalive::command {

/// Whether systemd is the system's manager: sd_booted(3).
bool is_systemd_running();

/// Whether systemd starts the program, and not the launcher: neither environment nor filter get there.
/// @param arguments of the launcher, its path first.
bool is_started_by_systemd(const Arguments& arguments);

/// Whether a line of the shell's text asks systemd to start something: `systemctl restart NAME`, `service NAME start`.
bool asks_systemd_to_start(const std::string& text);

/// Whether the launcher opens a login session for the program: su, `runuser -l`, `sudo -i` outside of a session.
/// systemd-logind(8) then moves the program to a cgroup of the session (pam_systemd(8)), where no supervisor follows.
/// @param arguments of the launcher, its path first.
bool opens_login_session(const Arguments& arguments);

/// Whether a process with these cgroups is in a login session, or else started by the user's systemd: it opens no
/// other.
/// @param cgroups the text of /proc/PID/cgroup.
bool is_in_login_session(const std::string& cgroups);

}  // namespace keepalive::command
