/// @file
/// What the tests of `inspect` have in common.
#pragma once

#include <ostream>
#include <string>

#include "command/program/inspect.h"

namespace keepalive::command {

// For the messages of GoogleTest.
inline void PrintTo(Kind kind, std::ostream* out) {
  constexpr const char* names[]{"makes_sockets", "launcher",      "statically_linked", "go",
                                "free_pascal",   "other_machine", "address_sanitizer", "unknown"};
  *out << names[static_cast<std::size_t>(kind)];
}

/// A command of one word.
inline Inspection inspect_command(const std::string& path, const Machine& own = own_machine()) {
  return inspect(path, {path}, own);
}

}  // namespace keepalive::command
