/// @file
/// The session that the TCP Keepalive HOWTO documents, to the letter.
#include <gmock/gmock.h>

#include <sstream>

#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;

TEST(Howto, WithoutTheLibraryKeepaliveIsOff) {
  const Outcome outcome = run({{check}, howto_values});
  EXPECT_EQ(outcome.out, "SO_KEEPALIVE is OFF\n");
  EXPECT_EQ(outcome.status, 0);
}

TEST(Howto, WithTheLibraryTheValuesAreThoseAskedFor) {
  const Outcome outcome = run_preloaded({check}, howto_values);
  EXPECT_EQ(outcome.out, howto_output);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.status, 0);
}

TEST(Howto, AcceptedSocketsHaveThemToo) {
  EXPECT_EQ(run_preloaded({check, "--accept"}, howto_values).out, howto_output);
  EXPECT_EQ(run({{check, "--accept"}, {}}).out, "SO_KEEPALIVE is OFF\n");
}

TEST(Howto, TheUserTimeoutIsShownWhereItIsSet) {
  const Outcome outcome = run_preloaded({check}, with(howto_values, {{"KEEPALIVE_USER_TIMEOUT", "auto"}}));
  EXPECT_EQ(outcome.out, std::string(howto_output) + "TCP_USER_TIMEOUT = 1380000\n");
}

TEST(Howto, OffLeavesTheProgramAlone) {
  const Outcome outcome = run_preloaded({check}, with(howto_values, {{"KEEPALIVE", "off"}}));
  EXPECT_EQ(outcome.out, "SO_KEEPALIVE is OFF\n");
  EXPECT_EQ(outcome.err, "");
}

// The lines of strace's output, without the program's own getsockopt calls.
std::string network_calls(const std::vector<std::string>& program, const Environment& environment) {
  std::vector<std::string> arguments{"strace", "-qq", "-e", "trace=network"};
  for (const auto& [name, value] : environment) arguments.insert(arguments.end(), {"-E", name + "=" + value});
  std::istringstream lines(run({joined(arguments, program), {}}).err);
  std::string calls;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("getsockopt") == std::string::npos) calls += line + "\n";
  }
  return calls;
}

TEST(Howto, StraceShowsTheDocumentedCallsAndNoOthers) {
  REQUIRE_PROGRAM("strace");
  EXPECT_EQ(network_calls({check}, preloaded(howto_values)),
            "socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3\n"
            "setsockopt(3, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = 0\n"
            "setsockopt(3, SOL_TCP, TCP_KEEPCNT, [20], 4) = 0\n"
            "setsockopt(3, SOL_TCP, TCP_KEEPIDLE, [180], 4) = 0\n"
            "setsockopt(3, SOL_TCP, TCP_KEEPINTVL, [60], 4) = 0\n");
}

TEST(Howto, StraceShowsNothingOfOursUnderOff) {
  REQUIRE_PROGRAM("strace");
  EXPECT_EQ(network_calls({check}, preloaded(with(howto_values, {{"KEEPALIVE", "off"}}))),
            "socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3\n");
}

}  // namespace
