/// @file
/// How a program gets its keepalive: by the preload library, by a supervisor, by both, or not at all.
#pragma once

#include <string>

#include "command/program/inspect.h"

namespace keepalive::command {

/// What the user asked for.
enum class Wish : unsigned char { none, preload, supervise };

/// Everything that the choice depends on.
struct Situation {
  Wish wish = Wish::none;
  std::string command;  ///< the program as the user named it
  Inspection program;
  bool is_root = false;
  bool has_systemd = false;              ///< as the system's manager
  bool can_filter_without_loss = false;  ///< a supervisor takes no rights away from setuid programs
  bool can_read_programs = true;         ///< see privileges.h
  bool preloads_library = false;         ///< the user has put a libkeepalive.so into LD_PRELOAD
  std::string library_problem;           ///< why there is no library; empty if there is one, or it is not needed
};

enum class Supervisor : unsigned char {
  none,
  if_possible,  ///< the program runs also if the supervisor cannot start
  required,
};

struct Way {
  bool library = false;
  Supervisor supervisor = Supervisor::none;
  /// If not empty: why keepalive cannot be given, and what helps. With --anyway the library is still preloaded if
  /// `library` is true.
  std::string refusal = "";
  /// If not empty: which programs get no keepalive, and what helps.
  std::string unfollowed = "";
};

/// Whether the library can have an effect in a program of this kind, or in those that it starts.
bool takes_library(Kind kind);

Way choose_way(const Situation& situation);

/// Which programs get keepalive, and which do not, if the launcher `command` runs with the library alone.
std::string describe_unfollowed(const std::string& command);

/// `using the preload library and a supervisor ('busybox' is statically linked)`
std::string describe_way(const Way& way, const Inspection& program);

}  // namespace keepalive::command
