/// @file
/// The command `keepalive`, run as users run it.
#pragma once

#include <string>
#include <vector>

#include "support/preload.h"

namespace support {

inline const std::string keepalive_path = KEEPALIVE_COMMAND;

/// The command line `keepalive ARGUMENT...`.
inline std::vector<std::string> keepalive_command(const std::vector<std::string>& arguments) {
  return joined({keepalive_path}, arguments);
}

/// A command that is built with AddressSanitizer accepts other preload libraries and tracers with these options.
inline const Environment tolerant_sanitizer{{"ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0"}};

inline Outcome run_keepalive(const std::vector<std::string>& arguments, const Environment& environment = {}) {
  return run({keepalive_command(arguments), with(tolerant_sanitizer, environment)});
}

/// `127: text of standard error`. If the command printed something on standard output, that comes first.
inline std::string failure_of(const Outcome& outcome) {
  return outcome.out + std::to_string(outcome.status) + ": " + outcome.err;
}

}  // namespace support
