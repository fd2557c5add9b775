/// @file
/// What a test needs from the machine. Where it is missing the test is skipped with the reason; in CI (variable CI
/// set) nothing may be missing, so there it fails.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "process.h"

#define REQUIRE_OR_SKIP(condition, reason)                               \
  do {                                                                   \
    if (!(condition)) {                                                  \
      if (std::getenv("CI") != nullptr) FAIL() << "in CI: " << (reason); \
      GTEST_SKIP() << (reason);                                          \
    }                                                                    \
  } while (false)

#define REQUIRE_PROGRAM(name) \
  REQUIRE_OR_SKIP(!support::find_program(name).empty(), std::string("this needs the program ") + (name))

#define REQUIRE_ROOT() REQUIRE_OR_SKIP(geteuid() == 0, "this needs root")
