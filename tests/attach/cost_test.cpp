/// @file
/// What keepalive on a cgroup costs: a connection, attaching, listing.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <fstream>

#include "attached_cgroup.h"
#include "support/loopback.h"

namespace {

using namespace support;
using keepalive::Descriptor;

constexpr int rounds = 200;
constexpr int connections_per_round = 30;

/// Microseconds on `clock`.
double now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

double lower_quartile(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 4];
}

class AttachCost : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_CGROUP_BPF();
    std::ifstream cgroups("/proc/self/cgroup");
    for (std::string line; std::getline(cgroups, line);) {
      if (line.rfind("0::", 0) == 0) home_ = TestCgroup::mounted_at() + line.substr(3);
    }
  }
  void TearDown() override { move_to(home_); }

  /// This process: sockets belong to the cgroup that it is in when it makes them.
  static void move_to(const std::string& folder) {
    if (!folder.empty()) std::ofstream(folder + "/cgroup.procs") << getpid();
  }

  std::string home_;
};

void set_four_options(int fd) {
  const std::array<std::array<int, 3>, 4> values{{{SOL_SOCKET, SO_KEEPALIVE, 1},
                                                  {IPPROTO_TCP, TCP_KEEPCNT, 20},
                                                  {IPPROTO_TCP, TCP_KEEPIDLE, 180},
                                                  {IPPROTO_TCP, TCP_KEEPINTVL, 60}}};
  for (const auto& [level, number, value] : values) setsockopt(fd, level, number, &value, sizeof value);
}

/// Processor time of a connection with both ends, which includes what the kernel does for loopback.
double time_of_connections(const Listener& listener, bool own_calls) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(listener.port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const double start = now(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 0; i < connections_per_round; ++i) {
    const Descriptor client(socket(AF_INET, SOCK_STREAM, 0));
    if (own_calls) set_four_options(client.get());
    EXPECT_EQ(connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const Descriptor accepted(accept(listener.get(), nullptr, nullptr));
    const linger reset{1, 0};
    setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  return now(CLOCK_PROCESS_CPUTIME_ID) - start;
}

/// Rounds of both kinds in turn, so that both meet the same disturbances.
double ratio_of(const std::string& attached, const std::string& plain) {
  std::ofstream(attached + "/cgroup.procs") << getpid();
  const Listener listener_attached(128);
  std::ofstream(plain + "/cgroup.procs") << getpid();
  const Listener listener_plain(128);
  set_four_options(listener_plain.get());  // accepted sockets inherit them
  std::vector<double> with_program;
  std::vector<double> with_calls;
  for (int round = 0; round < rounds; ++round) {
    std::ofstream(attached + "/cgroup.procs") << getpid();
    with_program.push_back(time_of_connections(listener_attached, false));
    std::ofstream(plain + "/cgroup.procs") << getpid();
    with_calls.push_back(time_of_connections(listener_plain, true));
  }
  return lower_quartile(with_program) / lower_quartile(with_calls);
}

TEST_F(AttachCost, AConnectionCostsNoMoreThanWithTheProgramsOwnCalls) {
  for (const std::vector<std::string>& options : {std::vector<std::string>{}, {"--force"}}) {
    const AttachedCgroup cgroup(options);
    const TestCgroup plain;
    double ratio = 2;
    for (int attempt = 0; attempt < 3 && ratio > 1.03; ++attempt) ratio = ratio_of(cgroup.folder(), plain.folder());
    EXPECT_LE(ratio, 1.03) << (options.empty() ? "on" : "force");
    RecordProperty(options.empty() ? "on" : "force", std::to_string(ratio));
    move_to(home_);
  }
}

/// The shortest time of some runs of the command, in milliseconds, its start included.
double shortest_run(const std::vector<std::string>& arguments) {
  double shortest = 1e9;
  for (int i = 0; i < 20; ++i) {
    const double start = now(CLOCK_MONOTONIC);
    EXPECT_EQ(run_keepalive(arguments).status, 0);
    shortest = std::min(shortest, (now(CLOCK_MONOTONIC) - start) / 1000);
  }
  return shortest;
}

TEST_F(AttachCost, AttachingTakesTenMilliseconds) {
  const TestCgroup cgroup;
  EXPECT_LE(shortest_run({"attach", "--idle", "180", cgroup.path()}), 10);
  EXPECT_LE(shortest_run({"attach", "--force", cgroup.path()}), 10);
}

TEST_F(AttachCost, ListingTwoHundredCgroupsTakesFiftyMilliseconds) {
  const TestCgroup cgroup;
  std::vector<std::string> arguments{"attach", "--idle", "180"};
  for (int i = 0; i < 200; ++i) arguments.push_back(cgroup.make_child(std::to_string(i)));
  EXPECT_EQ(run_keepalive(arguments).status, 0);
  EXPECT_LE(shortest_run({"attached"}), 50);
}

}  // namespace
