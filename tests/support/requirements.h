/// @file
/// What a test needs from the machine. If it is missing, the test is skipped with the reason. In CI (the variable CI is
/// set) the test fails, because nothing may be missing there.
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
