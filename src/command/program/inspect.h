/// @file
/// A look at a program's file before it is run: does the loader take a preload library there, and does the library see
/// the program's sockets?
#pragma once

#include <optional>
#include <string>

namespace keepalive::command {

/// The file that execvp(3) would run for `program`: itself where it holds a slash, else the first that PATH finds.
/// Throws Error with status_not_found or status_not_executable.
std::string find_executable(const std::string& program);

/// Why a library can't give a program keepalive.
enum class Obstacle : unsigned char {
  none,
  statically_linked,  ///< no program header names a loader
  go,                 ///< makes its system calls itself, also where it is linked dynamically
  privileged,         ///< setuid, setgid or file capabilities: the loader ignores LD_PRELOAD (ld.so(8))
  other_machine,      ///< another architecture or word size than this command, and so the library, has
};

/// What was found in a file.
struct Look {
  Obstacle obstacle = Obstacle::none;
  std::string file;    ///< the one that would be loaded: the interpreter where the program is a `#!` script
  std::string detail;  ///< what is special about it, as the end of "it is ..."
};

/// Looks at the ELF header, program headers, notes and mode of `path`, or of the interpreters it names with `#!`. A
/// file that can't be read or is no program has no obstacle: the kernel will say what is wrong with it.
///
/// @param model a file for the machine that the library is for.
Look look_at(const std::string& path, const std::string& model);

}  // namespace keepalive::command
