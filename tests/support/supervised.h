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
  std::vector<std::string> all{keepalive_path, "run", "--idle", "180", "--interval", "60", "--count", "20"};
  all.insert(all.end(), more_options.begin(), more_options.end());
  all.emplace_back("--");
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

}  // namespace support
