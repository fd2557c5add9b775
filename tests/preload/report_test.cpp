/// @file
/// KEEPALIVE_DEBUG=1: one line on standard error for each decision.
#include <gmock/gmock.h>

#include <algorithm>

#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;
using testing::MatchesRegex;

std::string debug_lines(const std::string& scenario, const Environment& environment) {
  return run_preloaded({programs + "/sockets", scenario}, with(environment, {{"KEEPALIVE_DEBUG", "1"}})).err;
}

constexpr char head[] = "libkeepalive\\[[0-9]+\\]: ";

TEST(Debug, SaysWhatWasLoadedAndSet) {
  EXPECT_THAT(
      run_preloaded({check}, with(howto_values, {{"KEEPALIVE_DEBUG", "1"}})).err,
      MatchesRegex(std::string(head) +
                   "loaded: on: SO_KEEPALIVE 1, TCP_KEEPCNT 20, TCP_KEEPIDLE 180 s, TCP_KEEPINTVL 60 s\n" + head +
                   "socket: descriptor 3: SO_KEEPALIVE 1, TCP_KEEPCNT 20, TCP_KEEPIDLE 180 s, TCP_KEEPINTVL 60 "
                   "s\n"));
}

TEST(Debug, SaysThatAShortUserTimeoutIsMilliseconds) {
  EXPECT_THAT(run_preloaded({check}, {{"KEEPALIVE_USER_TIMEOUT", "30"}, {"KEEPALIVE_DEBUG", "1"}}).err,
              testing::ContainsRegex(std::string(head) + "KEEPALIVE_USER_TIMEOUT=30 means 30 ms"));
  const Outcome silent = run_preloaded({check}, {{"KEEPALIVE_USER_TIMEOUT", "30"}});
  EXPECT_EQ(silent.err, "");
  EXPECT_THAT(silent.out, testing::HasSubstr("TCP_USER_TIMEOUT = 30 milliseconds\n"));
}

TEST(Debug, SaysThatItIsOffAndNoMore) {
  EXPECT_THAT(debug_lines("kinds", {{"KEEPALIVE", "off"}}), MatchesRegex(std::string(head) + "loaded: off\n"));
}

TEST(Debug, SaysWhatIsLeftAlone) {
  using testing::ContainsRegex;
  EXPECT_THAT(debug_lines("others", {}), ContainsRegex("socket: descriptor 3: not a TCP socket, untouched\n"));
  EXPECT_THAT(debug_lines("accept-unix", {}),
              ContainsRegex("accept: descriptor [0-9]+: not a TCP socket, untouched\n"));
  EXPECT_THAT(debug_lines("accept-own", {}), ContainsRegex("accept4: descriptor [0-9]+: keepalive is on already, left "
                                                           "as it is [(]KEEPALIVE=force would change it[)]\n"));
  EXPECT_THAT(debug_lines("accept-own", {{"KEEPIDLE", "180"}, {"KEEPCNT", "20"}}),
              ContainsRegex("accept4: descriptor [0-9]+: SO_KEEPALIVE 1, TCP_KEEPCNT 20\n"));
}

TEST(Debug, SaysThatTheProgramHasTurnedKeepaliveOff) {
  REQUIRE_PROGRAM("python3");
  const std::string program =
      "import socket\n"
      "listener = socket.create_server(('127.0.0.1', 0))\n"
      "listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0)\n"
      "client = socket.create_connection(listener.getsockname())\n"
      "print(listener.accept()[0].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))\n";
  const Outcome outcome = run_preloaded({"python3", "-c", program}, {{"KEEPALIVE_DEBUG", "1"}, {"KEEPIDLE", "33"}});
  EXPECT_EQ(outcome.out, "0\n");
  EXPECT_THAT(outcome.err,
              testing::HasSubstr(": the program has turned keepalive off, left as it is (KEEPALIVE=force"));
}

TEST(Debug, SaysWhatAProgramTriedInVain) {
  using testing::ContainsRegex;
  const std::string lines = debug_lines("own-values", with(howto_values, {{"KEEPALIVE", "force"}}));
  EXPECT_THAT(lines, ContainsRegex("setsockopt: descriptor 3: the program's change of SO_KEEPALIVE has no effect "));
  EXPECT_THAT(lines, ContainsRegex("setsockopt: descriptor 3: the program's change of TCP_KEEPIDLE has no effect "));
}

TEST(Debug, SaysWhatTheProgramSetsItself) {
  using testing::HasSubstr;
  const std::string lines = debug_lines("own-values", with(howto_values, {{"KEEPALIVE_USER_TIMEOUT", "auto"}}));
  const std::string start = "setsockopt: descriptor 3: the program ";
  EXPECT_THAT(lines,
              HasSubstr(start + "sets TCP_KEEPIDLE 33 s itself (KEEPALIVE=force, or run --force, keeps 180 s)\n"));
  EXPECT_THAT(lines, HasSubstr(start + "sets TCP_USER_TIMEOUT 44000 ms itself (KEEPALIVE=force, or run --force, keeps "
                                       "1380000 ms)\n"));
  EXPECT_THAT(lines, HasSubstr(start + "turns keepalive off (KEEPALIVE=force, or run --force, keeps it on)\n"));
  EXPECT_THAT(
      debug_lines("own-values", {{"KEEPALIVE_USER_TIMEOUT", "auto"}}),
      HasSubstr(start + "sets TCP_USER_TIMEOUT 44000 ms itself (KEEPALIVE=force, or run --force, keeps auto)\n"));
}

TEST(Debug, SaysNothingOfOptionsThatTheProgramSetsAsTheUserWants) {
  const auto count_lines = [](const Environment& environment) {
    const std::string lines = debug_lines("own-values", environment);
    return std::count(lines.begin(), lines.end(), '\n');
  };
  EXPECT_EQ(count_lines({{"KEEPALIVE", "off"}}), 1);                                   // loaded
  EXPECT_EQ(count_lines({}), 3);                                                       // socket, turned off
  EXPECT_EQ(count_lines({{"KEEPIDLE", "33"}, {"KEEPALIVE_USER_TIMEOUT", "44s"}}), 3);  // the same values
  REQUIRE_PROGRAM("python3");
  const std::string program =
      "import socket as s\n"
      "s.socket(type=s.SOCK_DGRAM).setsockopt(s.SOL_SOCKET, s.SO_KEEPALIVE, 0)\n"
      "tcp = s.socket()\n"
      "tcp.setsockopt(s.SOL_SOCKET, s.SO_RCVBUF, 0)\n"
      "try: tcp.setsockopt(s.IPPROTO_TCP, s.TCP_KEEPIDLE, 0)\n"
      "except OSError as error: print(error.errno)\n";
  const Outcome outcome = run_preloaded({"python3", "-c", program}, {{"KEEPALIVE_DEBUG", "1"}, {"KEEPIDLE", "33"}});
  EXPECT_EQ(outcome.out, "22\n");
  EXPECT_THAT(outcome.err, testing::Not(testing::HasSubstr("setsockopt")));
}

// A daemon's descriptor 2 becomes a file or a connection of its own.
TEST(Debug, IsSilentOnceStandardErrorIsAnotherFile) {
  const Outcome outcome =
      run_preloaded({programs + "/situations", "reused-standard-error"}, {{"KEEPALIVE_DEBUG", "1"}});
  EXPECT_EQ(outcome.out, "unharmed\n");
  EXPECT_THAT(outcome.err, MatchesRegex(std::string(head) + "loaded: on: SO_KEEPALIVE 1\n"));
}

TEST(Debug, ChangesNothingOfTheProgram) {
  for (const char* scenario : {"kinds", "errno", "flags", "addresses", "accept-inherited", "own-values"}) {
    const std::string program = programs + "/sockets";
    EXPECT_EQ(run_preloaded({program, scenario}, {{"KEEPALIVE_DEBUG", "1"}}).out,
              run_preloaded({program, scenario}).out)
        << scenario;
  }
}

}  // namespace
