/// @file
/// Cgroups with `keepalive attach` on them.
#pragma once

#include "support/keepalive_command.h"
#include "support/test_cgroup.h"

namespace support {

/// `keepalive attach` with the three values of the HOWTO's session; what it prints on standard error, normally nothing.
inline std::string attach_howto_values(const std::string& target, const std::vector<std::string>& options = {}) {
  std::vector<std::string> arguments{"attach", "--idle", "180", "--interval", "60", "--count", "20"};
  arguments.insert(arguments.end(), options.begin(), options.end());
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

}  // namespace support
