/// @file
/// Commands with and without the library preloaded.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "process.h"

namespace support {

inline const std::string library = KEEPALIVE_LIBRARY;    ///< path of the library under test
inline const std::string programs = KEEPALIVE_PROGRAMS;  ///< folder of the small test programs
inline const std::string check = KEEPALIVE_CHECK;        ///< path of examples/keepalive-check

/// The three values of the HOWTO's session.
inline const Environment howto_values{{"KEEPCNT", "20"}, {"KEEPIDLE", "180"}, {"KEEPINTVL", "60"}};

inline Environment with(Environment environment, const Environment& more) {
  for (const auto& [name, value] : more) environment[name] = value;
  return environment;
}

/// What keepalive-check prints with these values.
inline constexpr char howto_output[] =
    "SO_KEEPALIVE is ON\n"
    "TCP_KEEPCNT   = 20\n"
    "TCP_KEEPIDLE  = 180\n"
    "TCP_KEEPINTVL = 60\n";

/// The environment with the library preloaded.
inline Environment preloaded(const Environment& environment = {}) {
  return with(environment, {{"LD_PRELOAD", library}});
}

inline Outcome run_preloaded(std::vector<std::string> arguments, const Environment& environment = {}) {
  return run({std::move(arguments), preloaded(environment)});
}

}  // namespace support
