/// @file
/// The libraries that a program needs, found as the loader finds them.
#pragma once

#include <string>

#include "command/program/elf.h"

namespace keepalive::command {

/// Whether the program, or a library that it needs, calls the functions that the preload library interposes, or may
/// reach them by dlopen(3). The libraries of libc itself do not count, nor do a few others whose sockets are never TCP.
/// True if a library cannot be found, because that library may call them.
/// @param path of the program that `program` was read from.
bool makes_sockets(const Elf& program, const std::string& path);

/// Whether the program calls a function that can start another one, or needs libraries other than libc's, which may.
bool may_start_programs(const Elf& program);

}  // namespace keepalive::command
