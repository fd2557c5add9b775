/// @file
/// Scripts and env(1): which file is loaded in the end.
#pragma once

#include <optional>
#include <string>

#include "command/cli/command_line.h"

namespace keepalive::command {

/// The file that the kernel loads in the end for a command.
struct LoadedFile {
  std::string path;
  bool is_script = false;          ///< `path` interprets a script: the `#!` names it, or it is the shell
  bool drops_environment = false;  ///< env(1) starts it without LD_PRELOAD, or with another one
};

/// Follows `#!` lines as execve(2) does, and env(1) to the program that it starts: `#!/usr/bin/env python3`,
/// `env -S ...`, `env NAME=VALUE program`. If env(1) starts no program that can be found, env itself is the answer.
/// @param path of the file, @param arguments of the command, its name first.
LoadedFile follow_scripts(const std::string& path, const Arguments& arguments);

/// What env(1) is asked to do.
struct EnvCommand {
  Arguments program;               ///< the program and its arguments; empty: env prints the environment
  bool drops_environment = false;  ///< LD_PRELOAD does not get to the program
};

/// Reads the arguments of env(1), its name first, as GNU coreutils does. None if there is an option that this function
/// does not know. None also if env changes PATH or the folder, because the program can't be told then.
std::optional<EnvCommand> parse_env(const Arguments& arguments);

}  // namespace keepalive::command
