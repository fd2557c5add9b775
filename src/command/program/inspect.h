/// @file
/// What kind of program a file is: does the preload library get into it, and does the library see its sockets?
#pragma once

#include <string>

#include "command/cli/command_line.h"
#include "command/program/elf.h"

namespace keepalive::command {

enum class Kind : unsigned char {
  makes_sockets,      ///< dynamically linked, and calls the functions that the library interposes
  launcher,           ///< a script, or a program that makes no TCP sockets itself: what counts is what it starts
  statically_linked,  ///< no loader: no library gets into it
  go,                 ///< makes its system calls itself, also if it is linked dynamically
  free_pascal,        ///< the same
  other_machine,      ///< its architecture or word size is not that of this command and of the library
  address_sanitizer,  ///< its runtime ends the program if another library is loaded before it
  unknown,            ///< not readable, or no program: the kernel will say what is wrong
};

struct Inspection {
  Kind kind = Kind::unknown;
  std::string file;        ///< the one that is loaded: the interpreter if the program is a `#!` script
  std::string detail;      ///< what is special about it, as the end of "it is ..."; may be empty
  std::string privileges;  ///< why the loader ignores LD_PRELOAD, as in "setuid"; empty: it does not
  bool names_loader = false;
  bool starts_none = false;        ///< it can start no other program: cat(1)
  bool makes_socketcalls = false;  ///< code for another machine that makes sockets by socketcall(2): 32-bit x86
  std::string environment_dropped_by = "";  ///< see LoadedFile
  std::string starts_by_systemd = "";       ///< see LoadedFile
  std::string session_opened_by = "";       ///< see LoadedFile
  std::string elsewhere = "";               ///< see LoadedFile
};

/// Looks at the file `path`, or at the interpreter or the program of a launcher that it leads to.
/// @param arguments of the command, its name first.
/// @param own the machine that the library is for.
Inspection inspect(const std::string& path, const Arguments& arguments, const Machine& own = own_machine());

}  // namespace keepalive::command
