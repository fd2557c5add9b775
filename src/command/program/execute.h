/// @file
/// Becoming another program.
#pragma once

#include <string>

#include "command/cli/command_line.h"

namespace keepalive::command {

struct Program {
  std::string path;       ///< with a slash, so that it is not searched for
  Arguments arguments;    ///< the first is its name
  Arguments environment;  ///< NAME=VALUE
};

/// Executes it in place of this process, as execvp(3) does: a script without `#!` goes to a shell, but
/// code for another machine does not. Returns the errno
/// where that fails.
int execute(const Program& program);

/// What to tell the user of that errno.
[[noreturn]] void throw_execute_error(const Program& program, int error);

/// This process's own.
Arguments environment();

}  // namespace keepalive::command
