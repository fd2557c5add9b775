/// @file
/// The filter, run here on system calls that nobody makes: what it decides, and how long it takes.
#include "command/supervisor/filter.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "command/supervisor/system_calls.h"
#include "keepalive/apply.h"
#include "keepalive/settings.h"
#include "keepalive/supervision.h"
#include "keepalive/tcp.h"

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
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= instruction.k;
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

class SeccompFilterTest : public testing::TestWithParam<SystemCalls> {
 protected:
  [[nodiscard]] static seccomp_data call(std::uint32_t number, std::uint64_t a = 0, std::uint64_t b = 0,
                                         std::uint64_t c = 0) {
    return {static_cast<int>(number), GetParam().architecture, 0, {a, b, c, 0, 0, 0}};
  }
  [[nodiscard]] static seccomp_data socket_call(int domain, int type, int protocol) {
    const std::uint64_t junk = 0xabcd00000000U;
    return call(GetParam().socket, junk | static_cast<unsigned>(domain), junk | static_cast<unsigned>(type),
                junk | static_cast<unsigned>(protocol));
  }
  [[nodiscard]] std::uint32_t on(const seccomp_data& data) const { return decide(on_, data).action; }
  [[nodiscard]] std::uint32_t force(const seccomp_data& data) const { return decide(force_, data).action; }

  std::vector<sock_filter> on_ = make_filter(settings(Mode::on));
  std::vector<sock_filter> force_ = make_filter(settings(Mode::force));
};

INSTANTIATE_TEST_SUITE_P(Architectures, SeccompFilterTest, testing::ValuesIn(known_system_calls),
                         [](const auto& row) { return "Number" + std::to_string(row.param.architecture); });

TEST_P(SeccompFilterTest, StopsSocketIfItMakesATcpSocket) {
  for (const int domain : {AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK}) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET}) {
      for (const int flags :
           std::initializer_list<int>{0, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_CLOEXEC | SOCK_NONBLOCK, 1 << 20}) {
        for (const int protocol :
             std::initializer_list<int>{0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, protocol_mptcp}) {
          const seccomp_data made = socket_call(domain, type | flags, protocol);
          const std::uint32_t expected =
              is_tcp(domain, type | flags, protocol) ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW;
          EXPECT_EQ(on(made), expected) << domain << ' ' << (type | flags) << ' ' << protocol;
          EXPECT_EQ(force(made), expected);
        }
      }
    }
  }
}

TEST_P(SeccompFilterTest, LetsTheLibrarysCallsPass) {
  seccomp_data marked = socket_call(AF_INET, SOCK_STREAM, 0);
  marked.args[5] = supervised_mark;
  EXPECT_EQ(on(marked), SECCOMP_RET_ALLOW);
  EXPECT_EQ(force(marked), SECCOMP_RET_ALLOW);
}

TEST_P(SeccompFilterTest, LetsTheLibrarySetOptions) {
  seccomp_data marked = call(GetParam().setsockopt, 3, SOL_SOCKET, SO_KEEPALIVE);
  EXPECT_EQ(force(marked), SECCOMP_RET_USER_NOTIF);
  marked.args[5] = supervised_mark;
  EXPECT_EQ(force(marked), SECCOMP_RET_ALLOW);
}

TEST_P(SeccompFilterTest, TellsThatItIsThere) {
  seccomp_data question = socket_call(-1, 0, 0);
  question.args[5] = supervised_mark + 1;
  EXPECT_EQ(on(question), SECCOMP_RET_ERRNO | ENOTUNIQ);
}

TEST_P(SeccompFilterTest, LetsAllOtherCallsPass) {
  for (std::uint32_t number = 0; number < 1000; ++number) {
    const SystemCalls& calls = GetParam();
    if (number == calls.socket) continue;
    EXPECT_EQ(on(call(number, SOL_SOCKET, SOL_SOCKET, SO_KEEPALIVE)),
              number != 0 && number == calls.socketcall ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW)
        << number;
    if (number == calls.setsockopt || number == calls.socketcall) continue;
    EXPECT_EQ(force(call(number, SOL_SOCKET, SOL_SOCKET, SO_KEEPALIVE)), SECCOMP_RET_ALLOW) << number;
  }
}

TEST_P(SeccompFilterTest, StopsSetsockoptOfWhatIsForced) {
  for (const int level : {SOL_SOCKET, static_cast<int>(IPPROTO_IP), static_cast<int>(IPPROTO_TCP)}) {
    for (int name = 0; name < 50; ++name) {
      // The kernel reads 32 bits only, so the upper half must not matter.
      const std::uint64_t junk = 0xabcd00000000U;
      const seccomp_data made =
          call(GetParam().setsockopt, 3, junk | static_cast<unsigned>(level), junk | static_cast<unsigned>(name));
      EXPECT_EQ(force(made), governs(settings(Mode::force), level, name) ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW)
          << level << ' ' << name;
      EXPECT_EQ(on(made), SECCOMP_RET_ALLOW);
    }
  }
}

TEST_P(SeccompFilterTest, StopsTheSameCallsInSocketcall) {
  const std::uint32_t number = GetParam().socketcall;
  if (number == 0) return;
  for (std::uint32_t which = 0; which < 30; ++which) {
    const bool is_socket = which == socketcall_socket;
    EXPECT_EQ(on(call(number, which)), is_socket ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW) << which;
    const bool stopped_too = is_socket || which == socketcall_setsockopt;
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
  const seccomp_data read{0, known_system_calls[0].architecture, 0, {}};
  EXPECT_LE(decide(make_filter(settings(Mode::on)), read).instructions, 5);
  EXPECT_LE(decide(make_filter(settings(Mode::force)), read).instructions, 6);
}

TEST(Filter, IsNotHere) { EXPECT_FALSE(has_filter()); }

}  // namespace
