/// @file
/// The example for Docker: the instructions of the Dockerfile are carried out in chroots.
#include <gmock/gmock.h>

#include <regex>

#include "examples.h"
#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;

TEST(DockerExample, ItsInstructionsMakeAnImageWhoseProgramsHaveKeepalive) {
  REQUIRE_ROOT();
  for (const char* program : {"cmake", "g++", "make"}) REQUIRE_PROGRAM(program);
  const std::string with_their_idle = std::regex_replace(examples::with_their_values, std::regex("120"), "5");
  const Outcome outcome =
      run({{examples::tests + "examples/dockerfile", examples::folder + "docker/Dockerfile", KEEPALIVE_SOURCE, "/",
            check, "keepalive-check; keepalive run --idle 5 keepalive-check"},
           {},
           "",
           std::chrono::minutes(4)});
  EXPECT_EQ(outcome.out, examples::with_their_values + with_their_idle) << outcome.err;
  EXPECT_EQ(outcome.status, 0) << outcome.err;
}

}  // namespace
