/// @file
/// Which processes `keepalive set` changes, and what it says if it cannot.
#include <gmock/gmock.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "set.h"
#include "support/eventually.h"

namespace {

using namespace support;
using testing::HasSubstr;

class SetProcessesTest : public SetTest {};

TEST_F(SetProcessesTest, SeveralProcessesByNumberAndName) {
  const Listener listener;
  const std::string port = std::to_string(listener.port());
  const Process one({{"nc", "127.0.0.1", port}, {}});
  const Process two({{"socat", "-u", "TCP:127.0.0.1:" + port, "-"}, {}});
  ASSERT_TRUE(wait_for_tcp_socket(one.pid(), TCP_ESTABLISHED));
  ASSERT_TRUE(wait_for_tcp_socket(two.pid(), TCP_ESTABLISHED));
  // The port keeps it from others of that name on this machine.
  const Outcome outcome = set({"--port", port, "--idle", "77", "socat", std::to_string(one.pid())});
  EXPECT_EQ(wait_for_tcp_socket(one.pid(), TCP_ESTABLISHED)->idle, 77);
  EXPECT_EQ(wait_for_tcp_socket(two.pid(), TCP_ESTABLISHED)->idle, 77);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
}

TEST_F(SetProcessesTest, IfAProcessIsNotThereNothingIsSet) {
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  const Outcome outcome = set({"4194305", "no-such-name", "", own_pid});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err,
            "keepalive set: there is no process 4194305\n"
            "keepalive set: no process is named 'no-such-name'\n"
            "keepalive set: no process is named ''\n"
            "keepalive set: nothing was changed\n");
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(options_of(fd.get())[0], '0');
  EXPECT_EQ(failure_of(set({"idle=2m", own_pid})),
            "1: keepalive set: no process is named 'idle=2m'; did you mean --idle 2m?\n"
            "keepalive set: nothing was changed\n");
  EXPECT_EQ(options_of(fd.get())[0], '0');
}

// The name is checked once the process is open: before that, its number may have been given to another process.
TEST_F(SetProcessesTest, AProcessThatIsAnotherOneMeanwhileIsNotTouched) {
  REQUIRE_PROGRAM("strace");
  REQUIRE_ROOT();  // /proc/PID/syscall
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  ASSERT_EQ(prctl(PR_SET_NAME, "before-rename"), 0);
  Process strace({{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=pidfd_open:delay_enter=2000000:when=1",
                   keepalive_path, "set", "before-rename"},
                  {{"ASAN_OPTIONS", "detect_leaks=0"}}});
  const auto is_about_to_open = [&] {
    const std::vector<pid_t> members = group_members(strace.pid());
    return std::any_of(members.begin(), members.end(), [](pid_t pid) {
      std::string number;
      std::ifstream("/proc/" + std::to_string(pid) + "/syscall") >> number;
      return number == "434";  // pidfd_open
    });
  };
  ASSERT_TRUE(eventually(is_about_to_open));
  ASSERT_EQ(prctl(PR_SET_NAME, "after-rename"), 0);
  EXPECT_EQ(failure_of(strace.wait()), "1: keepalive set: no TCP sockets\n");
  EXPECT_EQ(options_of(fd.get())[0], '0');
}

TEST_F(SetProcessesTest, AProcessWithoutTcpSocketsIsSaid) {
  EXPECT_EQ(failure_of(set({own_pid})), "1: keepalive set: no TCP sockets\n");
}

TEST_F(SetProcessesTest, MptcpSocketsThatLackAnOptionAreSaidInOneLine) {
  std::array<Descriptor, 3> sockets;
  for (Descriptor& mptcp : sockets) mptcp = Descriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 262));
  REQUIRE_OR_SKIP(sockets[0].get() >= 0, "this needs a kernel with MPTCP");
  const int time = 5000;
  const bool is_supported = setsockopt(sockets[0].get(), IPPROTO_TCP, TCP_USER_TIMEOUT, &time, sizeof time) == 0;
  const Outcome outcome = set({"--user-timeout", "5s", own_pid});
  EXPECT_EQ(outcome.status, is_supported ? 0 : 1);
  EXPECT_THAT(outcome.err, is_supported ? testing::Matcher<std::string>(not_covered)
                                        : testing::MatchesRegex(
                                              "keepalive set: process " + own_pid + " [^\n]*, descriptor " +
                                              std::to_string(sockets[0].get()) +
                                              " and 2 more: this kernel does not support TCP_USER_TIMEOUT on MPTCP "
                                              "sockets\n" +
                                              not_covered));
}

TEST_F(SetProcessesTest, OnATerminalTheValuesThatHoldAreSaidIfNoneIsGiven) {
  REQUIRE_PROGRAM("script");
  const Listener listener;
  const auto on_terminal = [](const std::string& options) {
    return run({{"script", "-qec", keepalive_path + " set --dry-run " + options + own_pid, "/dev/null"}, {}}).out;
  };
  EXPECT_THAT(on_terminal(""),
              testing::ContainsRegex(
                  "keepalive set: no values given, so each socket keeps its own; the system's are: "
                  "first probe after [0-9]+ s of silence, then every [0-9]+ s, dead after [0-9]+ unanswered probes "
                  "[(]change with --idle, --interval, --count[)]"));
  EXPECT_THAT(on_terminal("--count 4 "), testing::Not(HasSubstr("no values given")));
  EXPECT_THAT(on_terminal("--off "), testing::Not(HasSubstr("no values given")));
}

TEST_F(SetProcessesTest, ARefusalOfTheKernelIsSaidWithTheSocket) {
  REQUIRE_PROGRAM("strace");
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  const auto refused = [&](const std::string& errors) {
    return run({{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=setsockopt:error=" + errors, keepalive_path,
                 "set", "--idle", "5", "--fd", std::to_string(fd.get()), own_pid},
                {{"ASAN_OPTIONS", "detect_leaks=0"}}});
  };
  const Outcome outcome = refused("EOPNOTSUPP");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, testing::ContainsRegex("^keepalive set: process " + own_pid + " \\([^)]*\\), descriptor " +
                                                  std::to_string(fd.get()) +
                                                  ": the kernel refuses SO_KEEPALIVE, TCP_KEEPIDLE: Operation not "
                                                  "supported\n"));
  EXPECT_THAT(outcome.err, testing::Not(HasSubstr("TCP_KEEPCNT")));
  EXPECT_EQ(options_of(fd.get())[0], '0');
  EXPECT_THAT(refused("EINVAL:when=2").err, testing::Not(HasSubstr("SO_KEEPALIVE")));
  EXPECT_EQ(options_of(fd.get())[0], '1');
}

TEST_F(SetProcessesTest, WhatItDidIsDoneAndSaidWhereItsOutputIsLost) {
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  const auto into_full = [](const std::string& options) {
    return failure_of(run({{"sh", "-c", keepalive_path + " set " + options + own_pid + " > /dev/full"}, {}}));
  };
  const std::string lost = "1: keepalive set: standard output cannot be written: No space left on device";
  EXPECT_EQ(into_full("--dry-run "), lost + "\n");
  EXPECT_EQ(into_full(""), lost + "; the sockets were changed\n");
  EXPECT_EQ(options_of(fd.get())[0], '1');
}

}  // namespace
