/// @file
/// Which sockets get keepalive, in a glibc and in a musl program: the same file for both.
#include <gmock/gmock.h>

#include "support/expected_options.h"
#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;
using testing::HasSubstr;

// The same text for each label.
std::string each(const std::vector<std::string>& labels, const std::string& text) {
  std::string lines;
  for (const std::string& label : labels) lines += label + ": " + text + "\n";
  return lines;
}

const std::vector<std::string> kinds{"tcp4", "tcp4-named", "tcp4-flags", "tcp6", "tcp6-named"};
const std::vector<std::string> accepts{"accept", "accept-no-address", "accept-no-room", "accept4",
                                       "accept4-no-address"};

class SocketsTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    REQUIRE_OR_SKIP(!find_program(program()).empty(), "this needs the program musl-gcc at configuration time");
  }

  static std::string program() { return programs + "/" + GetParam(); }

  static std::string output(const std::string& scenario, const Environment& environment) {
    const Outcome outcome = run({{program(), scenario}, environment});
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(outcome.status, 0);
    return outcome.out;
  }

  static std::string output_under(const std::string& scenario, const std::string& mode) {
    return output(scenario, preloaded(with(howto_values, {{"KEEPALIVE", mode}})));
  }
};

INSTANTIATE_TEST_SUITE_P(Libc, SocketsTest, testing::Values("sockets", "sockets-no-pie", "sockets-musl"),
                         [](const auto& row) {
                           const std::string program = row.param;
                           if (program == "sockets") return "Glibc";
                           return program == "sockets-musl" ? "Musl" : "GlibcAtAFixedAddress";
                         });

TEST_P(SocketsTest, EveryKindOfTcpSocketGetsTheValues) {
  EXPECT_EQ(output("kinds", howto_values), each(kinds, no_options));  // what the library changes
  EXPECT_EQ(output("kinds", preloaded(howto_values)), each(kinds, all_howto_options));
  EXPECT_EQ(output_under("kinds", "force"), each(kinds, all_howto_options));
  EXPECT_EQ(output_under("kinds", "off"), each(kinds, no_options));
}

TEST_P(SocketsTest, WithoutValuesTheSystemsTimersStay) {
  EXPECT_EQ(output("kinds", preloaded()), each(kinds, keepalive_only));
}

TEST_P(SocketsTest, OneValueAloneIsSet) {
  EXPECT_THAT(output("kinds", preloaded({{"KEEPINTVL", "17"}})),
              HasSubstr("tcp6: SO_KEEPALIVE=1 TCP_KEEPCNT=9 TCP_KEEPIDLE=7200 TCP_KEEPINTVL=17 TCP_USER_TIMEOUT=0\n"));
  EXPECT_THAT(output("kinds", preloaded({{"KEEPALIVE_USER_TIMEOUT", "5000"}})),
              HasSubstr("TCP_KEEPINTVL=75 TCP_USER_TIMEOUT=5000\n"));
}

TEST_P(SocketsTest, MptcpGetsWhatTheKernelAllows) {
  const std::string bare = output("mptcp", {});
  REQUIRE_OR_SKIP(bare.find("unavailable") == std::string::npos, "this needs a kernel with MPTCP");
  EXPECT_THAT(bare, HasSubstr("mptcp4: SO_KEEPALIVE=0"));
  const std::string preloaded_output = output("mptcp", preloaded(howto_values));
  EXPECT_THAT(preloaded_output, HasSubstr("mptcp4: SO_KEEPALIVE=1"));
  EXPECT_THAT(preloaded_output, HasSubstr("mptcp6: SO_KEEPALIVE=1"));
}

TEST_P(SocketsTest, OtherKindsAreNeverTouched) {
  REQUIRE_ROOT();  // for raw and packet sockets
  const std::string bare = output("others", {});
  EXPECT_THAT(bare, HasSubstr("raw-tcp4: SO_KEEPALIVE=0\n"));
  for (const char* mode : {"on", "force", "off"}) EXPECT_EQ(output_under("others", mode), bare) << mode;
}

TEST_P(SocketsTest, AcceptedFromAnInheritedListenerGetsTheValues) {
  EXPECT_EQ(output("accept-inherited", {}), each(accepts, no_options));
  EXPECT_EQ(output("accept-inherited", preloaded({{"KEEPIDLE", "7200"}})), each(accepts, keepalive_only));
  EXPECT_EQ(output_under("accept-inherited", "on"), each(accepts, all_howto_options));
  EXPECT_EQ(output_under("accept-inherited", "force"), each(accepts, all_howto_options));
  EXPECT_EQ(output_under("accept-inherited", "off"), each(accepts, no_options));
}

TEST_P(SocketsTest, AcceptedWithTheProgramsOwnValuesKeepsThemUnlessForced) {
  const std::string own =
      each(accepts, "SO_KEEPALIVE=1 TCP_KEEPCNT=9 TCP_KEEPIDLE=33 TCP_KEEPINTVL=75 TCP_USER_TIMEOUT=0");
  EXPECT_EQ(output("accept-own", {}), own);
  EXPECT_EQ(output_under("accept-own", "on"),
            each(accepts, "SO_KEEPALIVE=1 TCP_KEEPCNT=20 TCP_KEEPIDLE=33 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=0"));
  EXPECT_EQ(output("accept-own", preloaded({{"KEEPIDLE", "180"}})), own);
  EXPECT_EQ(output_under("accept-own", "force"), each(accepts, all_howto_options));
}

TEST_P(SocketsTest, AcceptedWithTheSystemsTimersGetsTheValues) {
  EXPECT_EQ(output("accept-on", {}), each(accepts, keepalive_only));
  EXPECT_EQ(output_under("accept-on", "on"), each(accepts, all_howto_options));
  EXPECT_EQ(output_under("accept-on", "off"), each(accepts, keepalive_only));
  EXPECT_EQ(output("accept-on", preloaded()), each(accepts, keepalive_only));
}

// The system's values may differ from those that are built into the kernel.
TEST_P(SocketsTest, AcceptedWithTimersOfSysctlGetsTheValues) {
  REQUIRE_ROOT();
  const std::string script = "ip link set lo up && echo 600 > /proc/sys/net/ipv4/tcp_keepalive_time && exec \"$@\"";
  const auto output_there = [&](const Environment& environment) {
    std::vector<std::string> command{"unshare", "--net", "sh", "-c", script, "sh", "env"};
    for (const auto& [name, value] : environment) command.push_back(name + "=" + value);
    command.insert(command.end(), {program(), "accept-on"});
    return run({command, {}}).out;
  };
  EXPECT_THAT(output_there({}), HasSubstr("accept: SO_KEEPALIVE=1 TCP_KEEPCNT=9 TCP_KEEPIDLE=600 TCP_KEEPINTVL=75 "));
  EXPECT_EQ(output_there(preloaded(howto_values)), each(accepts, all_howto_options));
}

TEST_P(SocketsTest, AcceptedUnixSocketsAreNeverTouched) {
  const std::string bare = "unix: SO_KEEPALIVE=0\nunix-no-address: SO_KEEPALIVE=0\n";
  for (const char* mode : {"on", "force", "off"}) EXPECT_EQ(output_under("accept-unix", mode), bare) << mode;
}

TEST_P(SocketsTest, OnLetsTheProgramChangeEverything) {
  EXPECT_EQ(output_under("own-values", "on"),
            "values: SO_KEEPALIVE=1 TCP_KEEPCNT=20 TCP_KEEPIDLE=33 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=44000\n"
            "turned-off: SO_KEEPALIVE=0 TCP_KEEPCNT=20 TCP_KEEPIDLE=33 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=44000\n"
            "turned-on: SO_KEEPALIVE=1 TCP_KEEPCNT=20 TCP_KEEPIDLE=33 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=44000\n");
}

// The program may still set values that the user did not give.
TEST_P(SocketsTest, ForceKeepsWhatTheUserAskedForAndNoMore) {
  const std::string kept = "SO_KEEPALIVE=1 TCP_KEEPCNT=20 TCP_KEEPIDLE=180 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=44000";
  EXPECT_EQ(output_under("own-values", "force"), each({"values", "turned-off", "turned-on"}, kept));
  const std::string only_timeout =
      "SO_KEEPALIVE=1 TCP_KEEPCNT=9 TCP_KEEPIDLE=33 TCP_KEEPINTVL=75 TCP_USER_TIMEOUT=7000";
  EXPECT_EQ(output("own-values", preloaded({{"KEEPALIVE", "force"}, {"KEEPALIVE_USER_TIMEOUT", "7000"}})),
            each({"values", "turned-off", "turned-on"}, only_timeout));
}

// If a call of the program returns success without effect, the socket must have the user's values.
TEST_P(SocketsTest, ForceGivesTheValuesWhereItRefusesTheProgramsOwn) {
  EXPECT_EQ(output_under("set-late", "on"),
            "idle: SO_KEEPALIVE=0 TCP_KEEPCNT=9 TCP_KEEPIDLE=33 TCP_KEEPINTVL=75 TCP_USER_TIMEOUT=0\n" +
                each({"keepalive"}, keepalive_only) +
                "other: SO_KEEPALIVE=0 TCP_KEEPCNT=9 TCP_KEEPIDLE=7200 TCP_KEEPINTVL=75 TCP_USER_TIMEOUT=44000\n");
  EXPECT_EQ(output_under("set-late", "force"),
            each({"idle", "keepalive"}, all_howto_options) +
                "other: SO_KEEPALIVE=0 TCP_KEEPCNT=9 TCP_KEEPIDLE=7200 TCP_KEEPINTVL=75 TCP_USER_TIMEOUT=44000\n");
}

TEST_P(SocketsTest, ForceReachesSocketsMadeBySystemCallNumber) {
  EXPECT_EQ(output_under("made-by-number", "on"), each({"listen", "connect"}, no_options));
  EXPECT_EQ(output_under("made-by-number", "force"), each({"listen", "connect"}, all_howto_options));
}

TEST_P(SocketsTest, ErrnoIsAsWithoutTheLibrary) {
  const std::string bare = output("errno", {});
  EXPECT_THAT(bare, HasSubstr("socket: 0 errno 18\n"));  // EXDEV, as the program left it
  EXPECT_THAT(bare, HasSubstr("setsockopt null: -1 errno 14\n"));
  for (const char* mode : {"on", "force", "off"}) {
    EXPECT_EQ(output("errno", preloaded(with(howto_values, {{"KEEPALIVE", mode}, {"KEEPALIVE_USER_TIMEOUT", "9"}}))),
              bare)
        << mode;
  }
}

TEST_P(SocketsTest, AddressAndLengthAreTheKernels) {
  for (const char* mode : {"on", "force", "off"}) {
    EXPECT_EQ(output_under("addresses", mode), "addresses: the kernel's\n") << mode;
  }
}

TEST_P(SocketsTest, FlagsSurvive) {
  const std::string bare = output("flags", {});
  EXPECT_THAT(bare, HasSubstr("accept4-both: cloexec nonblock\n"));
  for (const char* mode : {"on", "force", "off"}) EXPECT_EQ(output_under("flags", mode), bare) << mode;
}

}  // namespace
