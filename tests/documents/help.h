/// @file
/// The options in the output of --help.
#pragma once

#include <gmock/gmock.h>

#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/process.h"

namespace documents {

inline const std::vector<std::string> subcommands{"run", "show", "set", "attach", "detach", "attached"};

using Options = std::set<std::string>;

/// The options that `keepalive SUBCOMMAND --help` lists, each as `--name`.
inline Options options_in_help(const std::string& subcommand) {
  static const std::regex option("^ +(--[a-z][a-z-]*).*");
  const support::Outcome help = support::run({{KEEPALIVE_COMMAND, subcommand, "--help"}, {}});
  EXPECT_EQ(help.status, 0);
  Options options;
  std::istringstream text(help.out);
  for (std::string line; std::getline(text, line);) {
    std::smatch match;
    if (std::regex_match(line, match, option)) options.insert(match[1]);
  }
  return options;
}

}  // namespace documents
