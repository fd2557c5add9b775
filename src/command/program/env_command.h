/// @file
/// env(1): what its arguments ask for.
#pragma once

#include "command/cli/command_line.h"

namespace keepalive::command {

/// What env(1) is asked to do.
struct EnvCommand {
  Arguments program;               ///< the program and its arguments; empty: there is none, or it cannot be told
  bool drops_environment = false;  ///< LD_PRELOAD does not get to the program
};

/// Reads the arguments of env(1), its name first, as GNU coreutils does. The program cannot be told if there is an
/// option that this function does not know, if env changes the folder and the program's path is relative, or if it
/// changes PATH and the program is searched for.
EnvCommand parse_env(const Arguments& arguments);

}  // namespace keepalive::command
