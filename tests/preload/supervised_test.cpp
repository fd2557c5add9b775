/// @file
/// KEEPALIVE_SUPERVISED: the library's own socket calls carry the mark that the supervisor's filter lets pass.
#include <gmock/gmock.h>

#include "support/preload.h"

namespace {

using namespace support;

constexpr char plain[] = "plain\nplain\n";
constexpr char marked[] = "marked\nmarked\n";

std::string output(const Environment& environment) { return run({{programs + "/marked-socket"}, environment}).out; }

TEST(Supervised, WithoutTheVariableThereIsNoMark) {
  EXPECT_EQ(output({{"KEEPALIVE_SUPERVISED", "1"}}), plain);  // without the library
  EXPECT_EQ(output(preloaded()), plain);
  EXPECT_EQ(output(preloaded({{"KEEPALIVE_SUPERVISED", "0"}})), plain);
}

TEST(Supervised, TheLibrarysCallsCarryTheMark) {
  EXPECT_EQ(output(preloaded({{"KEEPALIVE_SUPERVISED", "1"}})), marked);
  EXPECT_EQ(output(preloaded({{"KEEPALIVE_SUPERVISED", "1"}, {"KEEPALIVE", "force"}})), marked);
}

// KEEPALIVE=off: the process gets no keepalive from the supervisor either.
TEST(Supervised, AlsoUnderOff) {
  EXPECT_EQ(output(preloaded({{"KEEPALIVE_SUPERVISED", "1"}, {"KEEPALIVE", "off"}})), marked);
}

// If the supervisor enforces its values, KEEPALIVE=off has no effect.
TEST(Supervised, NotUnderOffIfTheSupervisorEnforces) {
  EXPECT_EQ(output(preloaded({{"KEEPALIVE_SUPERVISED", "force"}})), marked);
  EXPECT_EQ(output(preloaded({{"KEEPALIVE_SUPERVISED", "force"}, {"KEEPALIVE", "off"}})), plain);
}

TEST(Supervised, SocketsAndErrnoAreAsAlways) {
  for (const char* scenario : {"kinds", "errno", "flags"}) {
    const std::string program = programs + "/sockets";
    EXPECT_EQ(run_preloaded({program, scenario}, with(howto_values, {{"KEEPALIVE_SUPERVISED", "1"}})).out,
              run_preloaded({program, scenario}, howto_values).out)
        << scenario;
  }
}

// A preload library behind ours must still get the socket() call. The supervisor then gives that socket its options.
TEST(Supervised, AnotherLibraryBehindIsCalled) {
  const std::string other = programs + "/libtells-of-sockets.so";
  EXPECT_EQ(output({{"LD_PRELOAD", library + ":" + other}, {"KEEPALIVE_SUPERVISED", "1"}}),
            "seen\nseen\nplain\nplain\n");
  EXPECT_EQ(output({{"LD_PRELOAD", other + ":" + library}, {"KEEPALIVE_SUPERVISED", "1"}}),
            "seen\nseen\nmarked\nmarked\n");
}

}  // namespace
