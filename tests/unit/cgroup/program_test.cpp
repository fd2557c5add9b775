/// @file
/// The BPF programs, run here on sockets and calls that do not exist: what they decide, and how long they are.
#include "command/cgroup/program.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "interpreter.h"

namespace {

using namespace keepalive;
using namespace keepalive::command;
using bpf_test::FakeSocket;
using bpf_test::interpret;

constexpr int any_map = 3;
constexpr OptionValues system_values{9, 7000, 75, 0};  // this machine's idle time differs from the kernel's own

Settings settings(Mode mode, int count, int idle, int interval, int user_timeout) {
  Settings settings;
  settings.mode = mode;
  settings.values = {count, idle, interval, user_timeout};
  return settings;
}

FakeSocket socket_with(int keepalive, int count, int idle, int interval, int user_timeout) {
  FakeSocket socket;
  socket.options = {{{SOL_SOCKET, SO_KEEPALIVE}, keepalive},
                    {{IPPROTO_TCP, TCP_KEEPCNT}, count},
                    {{IPPROTO_TCP, TCP_KEEPIDLE}, idle},
                    {{IPPROTO_TCP, TCP_KEEPINTVL}, interval},
                    {{IPPROTO_TCP, TCP_USER_TIMEOUT}, user_timeout}};
  return socket;
}

const FakeSocket untouched = socket_with(0, 9, 7000, 75, 0);

/// The socket's options after the program has run for `op`.
FakeSocket after(const Settings& settings, FakeSocket socket, unsigned op = BPF_SOCK_OPS_TCP_CONNECT_CB) {
  Record record = make_record(settings, system_values);
  bpf_sock_ops context{};
  context.op = op;
  EXPECT_EQ(interpret(make_sock_ops_program(record, any_map), &context, &record, socket), 1U);
  EXPECT_EQ(context.reply, 0U);  // shared with the other programs of the cgroup
  return socket;
}

class SockOpsTest : public testing::TestWithParam<Mode> {};

INSTANTIATE_TEST_SUITE_P(Modes, SockOpsTest, testing::Values(Mode::on, Mode::force),
                         [](const auto& row) { return row.param == Mode::on ? "On" : "Force"; });

TEST_P(SockOpsTest, ActsOnConnectListenAndAccept) {
  const Settings given = settings(GetParam(), 4, 120, 30, 5000);
  for (unsigned op = 0; op < 32; ++op) {
    const bool acts = op == BPF_SOCK_OPS_TCP_CONNECT_CB || op == BPF_SOCK_OPS_TCP_LISTEN_CB ||
                      op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB;
    EXPECT_EQ(after(given, untouched, op).options, acts ? socket_with(1, 4, 120, 30, 5000).options : untouched.options)
        << op;
  }
}

TEST_P(SockOpsTest, GivesInTheOrderOfTheLibrary) {
  const FakeSocket socket = after(settings(GetParam(), 4, 120, 30, 5000), untouched);
  EXPECT_EQ(socket.set_calls, (std::vector<FakeSocket::Key>{{SOL_SOCKET, SO_KEEPALIVE},
                                                            {IPPROTO_TCP, TCP_KEEPCNT},
                                                            {IPPROTO_TCP, TCP_KEEPIDLE},
                                                            {IPPROTO_TCP, TCP_KEEPINTVL},
                                                            {IPPROTO_TCP, TCP_USER_TIMEOUT}}));
}

TEST_P(SockOpsTest, WhatIsNotGivenStays) {
  EXPECT_EQ(after(settings(GetParam(), 0, 0, 0, 0), untouched).options, socket_with(1, 9, 7000, 75, 0).options);
  EXPECT_EQ(after(settings(GetParam(), 0, 120, 0, 0), untouched).options, socket_with(1, 9, 120, 75, 0).options);
}

TEST_P(SockOpsTest, OneOptionThatTheKernelRefusesLeavesTheOthers) {
  FakeSocket socket = untouched;
  socket.options.erase({IPPROTO_TCP, TCP_KEEPCNT});
  const FakeSocket given = after(settings(GetParam(), 4, 120, 30, 0), socket);
  EXPECT_EQ(given.set_calls.size(), 3U);
  EXPECT_EQ(given.options.at({IPPROTO_TCP, TCP_KEEPIDLE}), 120);
}

TEST_P(SockOpsTest, ComputesAnAutomaticUserTimeoutFromWhatTheSocketHas) {
  EXPECT_EQ(after(settings(GetParam(), 4, 120, 30, automatic_value), untouched).options,
            socket_with(1, 4, 120, 30, 240'000).options);
  EXPECT_EQ(after(settings(GetParam(), 0, 120, 0, automatic_value), untouched).options,
            socket_with(1, 9, 120, 75, 795'000).options);
  EXPECT_EQ(after(settings(GetParam(), 0, 0, 0, automatic_value), socket_with(1, 3, 100, 10, 0)).options,
            socket_with(1, 3, 100, 10, 130'000).options);
  EXPECT_EQ(after(settings(GetParam(), 127, 32767, 0, automatic_value), socket_with(0, 9, 7000, 32767, 0)).options,
            socket_with(1, 127, 32767, 32767, INT_MAX).options);
}

TEST(SockOpsOnTest, WhatTheProgramHasSetStands) {
  const Settings given = settings(Mode::on, 4, 120, 30, 5000);
  EXPECT_EQ(after(given, socket_with(1, 3, 60, 10, 800)).options, socket_with(1, 3, 60, 10, 800).options);
  EXPECT_EQ(after(given, socket_with(1, 9, 60, 75, 0)).options, socket_with(1, 4, 60, 30, 5000).options);
  EXPECT_EQ(after(given, socket_with(0, 9, 60, 75, 0)).options, socket_with(1, 4, 60, 30, 5000).options);
}

TEST(SockOpsOnTest, KeepaliveWithTheSystemsTimersGetsTheGivenOnes) {
  EXPECT_EQ(after(settings(Mode::on, 4, 120, 30, 0), socket_with(1, 9, 7000, 75, 0)).options,
            socket_with(1, 4, 120, 30, 0).options);
}

TEST(SockOpsOnTest, TheKernelsOwnTimersCountAsTheSystems) {
  EXPECT_EQ(after(settings(Mode::on, 0, 120, 0, 0), socket_with(1, 9, 7200, 75, 0)).options,
            socket_with(1, 9, 120, 75, 0).options);
}

TEST(SockOpsOnTest, AutomaticUserTimeoutOfTheProgramsOwnValues) {
  EXPECT_EQ(after(settings(Mode::on, 4, 120, 30, automatic_value), socket_with(1, 9, 60, 10, 0)).options,
            socket_with(1, 4, 60, 10, 100'000).options);
  EXPECT_EQ(after(settings(Mode::on, 4, 120, 30, automatic_value), socket_with(1, 9, 60, 10, 700)).options,
            socket_with(1, 4, 60, 10, 700).options);
}

TEST(SockOpsForceTest, TakesThePlaceOfWhatTheProgramHasSet) {
  EXPECT_EQ(after(settings(Mode::force, 4, 120, 30, 5000), socket_with(1, 3, 60, 10, 800)).options,
            socket_with(1, 4, 120, 30, 5000).options);
}

/// A setsockopt(2) call of a program.
struct Call {
  int level = IPPROTO_TCP;
  int number = TCP_KEEPIDLE;
  int value = 0;
  int length = sizeof(int);
  std::uint32_t type = SOCK_STREAM;
  std::uint32_t protocol = IPPROTO_TCP;
};

constexpr int passed_unchanged = 1000;

/// What the program stores as the length: -1: the call is not carried out; 0: too large to be read.
int length_after(const Settings& settings, const Call& call) {
  Record record = make_record(settings, system_values);
  bpf_sock socket{};
  socket.type = call.type;
  socket.protocol = call.protocol;
  int value = call.value;
  bpf_sockopt context{};
  context.sk = &socket;
  context.optval = &value;
  context.optval_end = reinterpret_cast<char*>(&value) + std::min<std::size_t>(sizeof value, unsigned(call.length));
  context.level = call.level;
  context.optname = call.number;
  context.optlen = call.length;
  FakeSocket unused;
  EXPECT_EQ(interpret(make_setsockopt_program(record, any_map), &context, &record, unused), 1U);
  return context.optlen == call.length ? passed_unchanged : context.optlen;
}

const Settings forced = settings(Mode::force, 4, 120, 0, automatic_value);

TEST(SetsockoptProgramTest, SwallowsGovernedOptions) {
  for (const int number : {TCP_KEEPCNT, TCP_KEEPIDLE, TCP_USER_TIMEOUT}) {
    EXPECT_EQ(length_after(forced, {IPPROTO_TCP, number, 1}), -1) << number;
  }
  EXPECT_EQ(length_after(forced, {SOL_SOCKET, SO_KEEPALIVE, 0}), -1);
  EXPECT_EQ(length_after(forced, {SOL_SOCKET, SO_KEEPALIVE, 0, 4, SOCK_STREAM, 262}), -1);
  EXPECT_EQ(length_after(forced, {SOL_SOCKET, SO_KEEPALIVE, 0, 4096}), -1);
}

TEST(SetsockoptProgramTest, PassesEverythingElse) {
  EXPECT_EQ(length_after(forced, {SOL_SOCKET, SO_KEEPALIVE, 1}), passed_unchanged);
  EXPECT_EQ(length_after(forced, {SOL_SOCKET, SO_KEEPALIVE, -1}), passed_unchanged);
  EXPECT_EQ(length_after(forced, {IPPROTO_TCP, TCP_KEEPINTVL, 1}), passed_unchanged) << "no value was given";
  EXPECT_EQ(length_after(forced, {IPPROTO_TCP, TCP_NODELAY, 1}), passed_unchanged);
  EXPECT_EQ(length_after(forced, {SOL_SOCKET, SO_REUSEADDR, 0}), passed_unchanged);
  EXPECT_EQ(length_after(forced, {IPPROTO_IPV6, TCP_KEEPIDLE, 1}), passed_unchanged);
}

TEST(SetsockoptProgramTest, PassesSocketsThatAreNotTcp) {
  EXPECT_EQ(length_after(forced, {SOL_SOCKET, SO_KEEPALIVE, 0, 4, SOCK_DGRAM, IPPROTO_UDP}), passed_unchanged);
  EXPECT_EQ(length_after(forced, {SOL_SOCKET, SO_KEEPALIVE, 0, 4, SOCK_STREAM, 0}), passed_unchanged);
  EXPECT_EQ(length_after(forced, {SOL_SOCKET, SO_KEEPALIVE, 0, 4, SOCK_RAW, IPPROTO_TCP}), passed_unchanged);
  EXPECT_EQ(length_after(forced, {IPPROTO_TCP, TCP_KEEPIDLE, 1, 4, SOCK_DGRAM, IPPROTO_UDP}), passed_unchanged);
}

TEST(SetsockoptProgramTest, LeavesOddLengthsToTheKernel) {
  EXPECT_EQ(length_after(forced, {IPPROTO_TCP, TCP_KEEPIDLE, 1, 3}), passed_unchanged);
  EXPECT_EQ(length_after(forced, {SOL_SOCKET, SO_KEEPALIVE, 0, 1}), passed_unchanged);
  EXPECT_EQ(length_after(forced, {IPPROTO_TCP, TCP_ULP, 0, 4097}), 0);
  EXPECT_EQ(length_after(forced, {SOL_IP, 64, 0, 100'000}), 0);
}

TEST(ProgramLengthTest, StaysWithinItsBudget) {
  const std::array values{0, 50};
  for (const int count : values) {
    for (const int idle : values) {
      for (const int interval : values) {
        for (const int user_timeout : {0, 5000, automatic_value}) {
          const Settings on = settings(Mode::on, count, idle, interval, user_timeout);
          EXPECT_LE(make_sock_ops_program(make_record(on, system_values), any_map).size(), 90U);
          const Record force = make_record(settings(Mode::force, count, idle, interval, user_timeout), system_values);
          // More only where it has to ask the socket for what the user did not give.
          const bool asks = force.rows.at(force.row_count - 1).value == automatic_value;
          EXPECT_LE(make_sock_ops_program(force, any_map).size(), asks ? 44U : 40U);
          EXPECT_LE(make_setsockopt_program(force, any_map).size(), 36U);
        }
      }
    }
  }
}

/// With the kernel's answers to the trial's calls.
TrialResult tried(int port, unsigned op, FakeSocket socket) {
  TrialResult result;
  bpf_sock_ops context{};
  context.op = op;
  context.local_port = 1234;
  EXPECT_EQ(interpret(make_trial_program(port, any_map), &context, &result, socket), 1U);
  return result;
}

TEST(TrialProgramTest, TellsWhatTheKernelAnswers) {
  const TrialResult all = tried(1234, BPF_SOCK_OPS_TCP_LISTEN_CB, untouched);
  EXPECT_EQ(all.set, 0);
  EXPECT_EQ(all.get, 0);
  FakeSocket old = untouched;
  old.options.erase({SOL_SOCKET, SO_KEEPALIVE});
  EXPECT_EQ(tried(1234, BPF_SOCK_OPS_TCP_LISTEN_CB, old).set, 0);
  EXPECT_EQ(tried(1234, BPF_SOCK_OPS_TCP_LISTEN_CB, old).get, -ENOPROTOOPT);
  EXPECT_EQ(tried(1234, BPF_SOCK_OPS_TCP_LISTEN_CB, {}).set, -ENOPROTOOPT);
}

TEST(TrialProgramTest, LeavesOtherSocketsAlone) {
  EXPECT_EQ(tried(1235, BPF_SOCK_OPS_TCP_LISTEN_CB, untouched).set, TrialResult::not_run);
  EXPECT_EQ(tried(1234, BPF_SOCK_OPS_TCP_CONNECT_CB, untouched).set, TrialResult::not_run);
}

}  // namespace
