/// @file
/// What the tests of `keepalive set` share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "others.h"
#include "support/expected_options.h"

namespace support {

inline constexpr char not_covered[] = "keepalive set: sockets opened later do not get these values\n";
inline constexpr char not_covered_but_accepted[] =
    "keepalive set: sockets opened later do not get these values, except those accepted by the listeners above, unless "
    "the program sets its own\n";

class SetTest : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_RIGHT_TO_LOOK();
    for (const char* program : {"nc", "socat"}) REQUIRE_PROGRAM(program);
  }

  static Outcome set(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "set");
    return run_keepalive(arguments);
  }
};

inline const std::string own_pid = std::to_string(getpid());

}  // namespace support
