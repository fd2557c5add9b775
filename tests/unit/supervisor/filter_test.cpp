/// @file
/// The filter, run here on system calls that nobody makes: what it decides, and how long it takes.
#include "command/supervisor/filter.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>

#include "keepalive/settings.h"

namespace {

using namespace keepalive;
using namespace keepalive::command;

struct Decision {
  std::uint32_t action = 0;
  int instructions = 0;
};

// Of BPF (bpf(4)), what the filter uses.
Decision decide(const std::vector<sock_filter>& filter, const seccomp_data& call) {
  Decision decision;
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < filter.size(); ++at) {
    const sock_filter& instruction = filter[at];
    ++decision.instructions;
    switch (instruction.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&call) + instruction.k, sizeof accumulator);
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += accumulator == instruction.k ? instruction.jt : instruction.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += accumulator >= instruction.k ? instruction.jt : instruction.jf;
        break;
      case BPF_RET | BPF_K:
        decision.action = instruction.k;
        return decision;
      default:
        ADD_FAILURE() << "instruction " << instruction.code;
        return decision;
    }
  }
  ADD_FAILURE() << "the filter has no end";
  return decision;
}

Settings settings(Mode mode) {
  Settings settings;
  settings.mode = mode;
  settings.values[option_index(TCP_KEEPIDLE)] = 180;
  return settings;
}

class FilterTest : public testing::TestWithParam<SystemCalls> {
 protected:
  [[nodiscard]] static seccomp_data call(std::uint32_t number, std::uint64_t a = 0, std::uint64_t b = 0,
                                         std::uint64_t c = 0) {
    return {static_cast<int>(number), GetParam().architecture, 0, {a, b, c, 0, 0, 0}};
  }
  [[nodiscard]] std::uint32_t on(const seccomp_data& data) const { return decide(on_, data).action; }
  [[nodiscard]] std::uint32_t force(const seccomp_data& data) const { return decide(force_, data).action; }

  std::vector<sock_filter> on_ = make_filter(settings(Mode::on));
  std::vector<sock_filter> force_ = make_filter(settings(Mode::force));
};

INSTANTIATE_TEST_SUITE_P(Architectures, FilterTest, testing::ValuesIn(known_system_calls),
                         [](const auto& row) { return "Number" + std::to_string(row.param.architecture); });

TEST_P(FilterTest, StopsConnectAndListen) {
  for (const std::uint32_t number : {GetParam().connect, GetParam().listen}) {
    EXPECT_EQ(on(call(number, 3)), SECCOMP_RET_USER_NOTIF);
    EXPECT_EQ(force(call(number, 3)), SECCOMP_RET_USER_NOTIF);
  }
}

TEST_P(FilterTest, LetsAllOtherCallsPass) {
  for (std::uint32_t number = 0; number < 1000; ++number) {
    const SystemCalls& calls = GetParam();
    if (number == calls.connect || number == calls.listen) continue;
    EXPECT_EQ(on(call(number, SOL_SOCKET, SOL_SOCKET, SO_KEEPALIVE)), SECCOMP_RET_ALLOW) << number;
    if (number == calls.setsockopt) continue;
    EXPECT_EQ(force(call(number, SOL_SOCKET, SOL_SOCKET, SO_KEEPALIVE)), SECCOMP_RET_ALLOW) << number;
  }
}

TEST_P(FilterTest, AnswersSetsockoptOfWhatIsForced) {
  const auto setsockopt_of = [](int level, int name) {
    // The kernel looks at 32 bits; whatever is in the others must not matter.
    const std::uint64_t junk = 0xabcd00000000U;
    return call(GetParam().setsockopt, 3, junk | static_cast<unsigned>(level), junk | static_cast<unsigned>(name));
  };
  EXPECT_EQ(force(setsockopt_of(SOL_SOCKET, SO_KEEPALIVE)), SECCOMP_RET_ERRNO);
  EXPECT_EQ(force(setsockopt_of(IPPROTO_TCP, TCP_KEEPIDLE)), SECCOMP_RET_ERRNO);
  EXPECT_EQ(force(setsockopt_of(IPPROTO_TCP, TCP_KEEPINTVL)), SECCOMP_RET_ALLOW);  // no value was given
  EXPECT_EQ(force(setsockopt_of(IPPROTO_TCP, TCP_NODELAY)), SECCOMP_RET_ALLOW);
  EXPECT_EQ(force(setsockopt_of(SOL_SOCKET, SO_REUSEADDR)), SECCOMP_RET_ALLOW);
  EXPECT_EQ(force(setsockopt_of(IPPROTO_IP, TCP_KEEPIDLE)), SECCOMP_RET_ALLOW);
  EXPECT_EQ(on(setsockopt_of(SOL_SOCKET, SO_KEEPALIVE)), SECCOMP_RET_ALLOW);
}

TEST_P(FilterTest, StopsTheSameCallsInSocketcall) {
  const std::uint32_t number = GetParam().socketcall;
  if (number == 0) return;
  for (std::uint32_t which = 0; which < 30; ++which) {
    const bool stopped = which == socketcall_connect || which == socketcall_listen;
    EXPECT_EQ(on(call(number, which)), stopped ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW) << which;
    const bool stopped_too = stopped || which == socketcall_setsockopt;
    EXPECT_EQ(force(call(number, which)), stopped_too ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW) << which;
  }
}

TEST(Filter, LetsOtherArchitecturesPass) {
  seccomp_data data{};
  data.arch = 0x12345678;
  for (data.nr = 0; data.nr < 500; ++data.nr) {
    EXPECT_EQ(decide(make_filter(settings(Mode::force)), data).action, SECCOMP_RET_ALLOW);
  }
}

// What every read(2) and write(2) of a program costs on a kernel that runs the filter for them (before Linux 5.11).
TEST(Filter, DecidesFrequentCallsFirst) {
  for (const Mode mode : {Mode::on, Mode::force}) {
    const seccomp_data read{0, known_system_calls[0].architecture, 0, {}};
    EXPECT_LE(decide(make_filter(settings(mode)), read).instructions, 5);
  }
  EXPECT_LE(make_filter(settings(Mode::on)).size(), 19U);
  EXPECT_LE(make_filter(settings(Mode::force)).size(), 41U);
}

}  // namespace
