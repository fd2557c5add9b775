/// @file
/// Tests that take long: many sockets at once, many programs.
#include <gmock/gmock.h>

#include <iostream>

#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;

// A million sockets: about eight seconds.
TEST(Load, AMillionSocketsInEightThreads) {
  for (const char* mode : {"on", "force"}) {
    const bool whole = std::string(mode) == "on";
    const Outcome outcome = run_preloaded({programs + "/storm", whole ? "1000000" : "100000", "8"},
                                          with(howto_values, {{"KEEPALIVE", mode}}));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    EXPECT_THAT(outcome.out, testing::HasSubstr("all as they should be"));
  }
}

TEST(Load, TheTestWouldSeeASocketWithoutTheValues) {
  EXPECT_NE(run({{programs + "/storm", "800", "2"}, howto_values}).status, 0);
}

TEST(Load, TheProgramsOfTheSystemBehaveTheSame) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("unshare");
  const Outcome outcome = run({{KEEPALIVE_SCRIPTS "/compare-programs", library}, {}, "", std::chrono::minutes(5)});
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  std::cout << outcome.out;
}

}  // namespace
