/// @file
/// The subcommands. Each takes its arguments, its own name first, and returns the exit status or throws Error.
#pragma once

#include "command/cli/command_line.h"

namespace keepalive::command {

struct Subcommand {
  const char* name;
  const char* help;  ///< printed for `keepalive NAME --help`
  int (*act)(const Arguments& arguments);
};

extern const Subcommand run_subcommand;
extern const Subcommand set_subcommand;
extern const Subcommand show_subcommand;

}  // namespace keepalive::command
