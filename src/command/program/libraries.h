/// @file
/// The libraries that a program needs, found as the loader finds them.
#pragma once

#include <string>

#include "command/program/elf.h"

namespace keepalive::command {

/// Whether the program, or a library that it needs, calls the functions that the preload library interposes, or may
/// reach them by dlopen(3). Not counted are the libraries of libc itself and a few whose sockets are never TCP. True if
/// a library can't be found: then nothing can be ruled out.
/// @param path of the program that `program` was read from.
bool makes_sockets(const Elf& program, const std::string& path);

}  // namespace keepalive::command
