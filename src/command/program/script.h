/// @file
/// Scripts, env(1) and other launchers: which file is loaded in the end.
#pragma once

#include <string>

#include "command/cli/command_line.h"

namespace keepalive::command {

/// The file that the kernel loads in the end for a command.
struct LoadedFile {
  std::string path;
  bool is_script = false;  ///< `path` interprets a script: the `#!` names it, it is the shell, or it is given one
  std::string environment_dropped_by = "";  ///< the launcher that drops or replaces LD_PRELOAD; empty: none is known
  std::string starts_by_systemd = "";       ///< the launcher that has systemd start it; empty: none
  std::string session_opened_by = "";       ///< the launcher that opens a login session for it; empty: none
  std::string elsewhere = "";               ///< describe_elsewhere()
};

/// The interpreter that the `#!` line of the file names, and at most one argument. Empty if there is no such line.
Arguments interpreter_of(const std::string& path);

/// Follows `#!` lines as execve(2) does, and env(1) and simple launchers to the program that they start:
/// `#!/usr/bin/env python3`, `env NAME=VALUE program`, `nice program`. If such a launcher starts no program that can be
/// found, the launcher itself is the answer.
/// @param path of the file, @param arguments of the command, its name first.
LoadedFile follow_scripts(const std::string& path, const Arguments& arguments);

}  // namespace keepalive::command
