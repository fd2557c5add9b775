/// @file
/// Commands under `keepalive run`.
#pragma once

#include <string>
#include <vector>

#include "keepalive_command.h"

namespace support {

/// `keepalive run` with the three values of the HOWTO's session, more options, and a command.
inline std::vector<std::string> run_with_howto_values(const std::vector<std::string>& more_options,
                                                      const std::vector<std::string>& command) {
  std::vector<std::string> all =
      joined({keepalive_path, "run", "--idle", "180", "--interval", "60", "--count", "20"}, more_options);
  all.emplace_back("--");
  return joined(all, command);
}

}  // namespace support
