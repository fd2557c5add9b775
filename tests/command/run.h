/// @file
/// What the tests of `keepalive run` have in common.
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "support/keepalive_command.h"

namespace support {

/// The end of a message about what a launcher starts: which programs do not get keepalive.
inline constexpr char unfollowed[] =
    " and what it starts get keepalive, except static, setuid and 32-bit programs and those with an environment of "
    "their "
    "own; --supervise reaches those, but takes the rights of setuid programs away\n";

inline std::vector<std::string> run_arguments(const std::vector<std::string>& options,
                                              const std::vector<std::string>& program) {
  return joined(joined({"run"}, options), program);
}

inline Outcome run_with(const std::vector<std::string>& options, const std::vector<std::string>& program,
                        const Environment& environment = {}) {
  return run_keepalive(run_arguments(options, program), environment);
}

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace support
