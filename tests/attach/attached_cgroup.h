/// @file
/// Cgroups with `keepalive attach` on them.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "support/keepalive_command.h"
#include "support/test_cgroup.h"

namespace support {

/// `keepalive attach` with the three values of the HOWTO's session; what it prints on standard error, normally nothing.
inline std::string attach_howto_values(const std::string& target, const std::vector<std::string>& options = {}) {
  std::vector<std::string> arguments =
      joined({"attach", "--idle", "180", "--interval", "60", "--count", "20"}, options);
  arguments.push_back(target);
  const Outcome outcome = run_keepalive(arguments);
  EXPECT_EQ(outcome.status, 0);
  return outcome.err;
}

/// One that has it from the beginning.
class AttachedCgroup : public TestCgroup {
 public:
  explicit AttachedCgroup(const std::vector<std::string>& options = {}) {
    EXPECT_EQ(attach_howto_values(path(), options), "");
  }
};

/// The lines of a text that have a cgroup of the test, without what depends on the cgroup's name: its path is `PATH`,
/// and there is one space between columns.
inline std::string lines_of(const TestCgroup& cgroup, const std::string& text) {
  std::istringstream lines(text);
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(cgroup.path()) == std::string::npos) continue;
    for (std::size_t at = 0; (at = line.find(cgroup.path())) != std::string::npos;) {
      line.replace(at, cgroup.path().size(), "PATH");
    }
    for (std::size_t at = 0; (at = line.find("  ")) != std::string::npos;) line.erase(at, 1);
    found += line + "\n";
  }
  return found;
}

inline std::string attached_lines(const TestCgroup& cgroup) {
  const Outcome outcome = run_keepalive({"attached"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, outcome.out.empty() ? "keepalive attached: nothing is attached\n" : "");
  return lines_of(cgroup, outcome.out);
}

}  // namespace support
