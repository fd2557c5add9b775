/// @file
/// Paths of the examples and of the scripts that test them.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

namespace examples {

inline const std::string folder = KEEPALIVE_SOURCE "/examples/";
inline const std::string tests = KEEPALIVE_SOURCE "/tests/";

/// The text of an example; empty if it cannot be read.
inline std::string text_of(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(folder + name).rdbuf();
  return text.str();
}

/// What keepalive-check prints with the values of the examples.
inline constexpr char with_their_values[] =
    "SO_KEEPALIVE is ON\nTCP_KEEPCNT   = 4\nTCP_KEEPIDLE  = 120\nTCP_KEEPINTVL = 30\n";

}  // namespace examples
