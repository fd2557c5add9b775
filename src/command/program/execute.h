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

/// Executes the program in place of this process. As execvp(3) does, gives a script without `#!` to a shell. Unlike
/// execvp(3), never gives code for another machine to a shell. Returns only on failure: the errno.
int execute(const Program& program);

/// Throws Error with a message for the user, which names the interpreter or loader if that is what cannot be executed.
/// @param error what execute() returned.
[[noreturn]] void throw_execute_error(const Program& program, int error);

}  // namespace keepalive::command
