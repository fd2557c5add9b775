/// @file
/// The subcommands. A new one is declared here and has a row in main.cpp.
#pragma once

#include "command/cli/command_line.h"

namespace keepalive::command {

struct Subcommand {
  const char* name;
  const char* arguments;    ///< for usage lines: `[OPTION...] PID|NAME...`
  const char* summary;      ///< a phrase for `keepalive --help`
  const char* description;  ///< first lines of `keepalive NAME --help`
  const char* notes;        ///< its last lines, behind the options
  /// Takes its arguments, its own name first, and returns the exit status or throws Error or HelpAsked.
  int (*act)(const Arguments& arguments);
};

extern const Subcommand attach_subcommand;
extern const Subcommand attached_subcommand;
extern const Subcommand detach_subcommand;
extern const Subcommand run_subcommand;
extern const Subcommand set_subcommand;
extern const Subcommand show_subcommand;

}  // namespace keepalive::command
