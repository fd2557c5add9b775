/// @file
/// The probes themselves, as tcpdump sees them on the client's interface.
#include <gmock/gmock.h>

#include <sstream>
#include <thread>

#include "network.h"
#include "support/eventually.h"
#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace network;
using namespace support;

/// A packet from the client: its time, and tcpdump's flags ("S", ".", "P.", "R." ...).
struct Packet {
  double time;
  std::string flags;
};

const Environment values{{"KEEPIDLE", "2"}, {"KEEPINTVL", "1"}, {"KEEPCNT", "3"}};

class ProbesTest : public SwitchTest {
 protected:
  void SetUp() override {
    SwitchTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    REQUIRE_PROGRAM("tcpdump");
    capture_ = std::make_unique<Process>(Command{
        client_->command({"tcpdump", "-i", "eth0", "-n", "-tt", "-l", "--immediate-mode", "tcp and src host 10.7.0.2"}),
        {}});
    // tcpdump is ready if its socket is in the host's list of packet sockets.
    eventually([&] { return !run({client_->command({"ss", "-0nH"}), {}}).out.empty(); });
  }

  // All packets up to the first with these flags, or all up to now if the time is over.
  std::vector<Packet> packets_until(const std::string& flags, std::chrono::milliseconds time = Process::patience) {
    capture_->wait_for_output("Flags [" + flags + "]", time);
    std::vector<Packet> packets;
    std::istringstream lines(capture_->output());
    for (std::string line; std::getline(lines, line);) {
      const std::size_t begin = line.find("Flags [");
      if (begin == std::string::npos) continue;
      packets.push_back({std::stod(line), line.substr(begin + 7, line.find(']', begin) - begin - 7)});
    }
    return packets;
  }

  void cut_after_connection(Peer& client) {
    ASSERT_TRUE(client.wait_for("connected"));
    link("server", false);
  }

 private:
  std::unique_ptr<Process> capture_;
};

// A time by the kernel's timers, which may be late by an eighth, and later on a busy machine.
void expect_interval(const Packet& from, const Packet& to, double seconds) {
  EXPECT_GE(to.time - from.time, seconds - 0.1);
  EXPECT_LE(to.time - from.time, seconds * 1.125 + 0.5);
}

TEST_F(ProbesTest, ComeAfterIdleSecondsThenEachIntervalAsManyAsCountAndThenAReset) {
  Peer server(*server_, "server", server_->address(), 0, {});
  Peer client(*client_, "client", server_->address(), server.port(), preloaded(values));
  cut_after_connection(client);
  const std::vector<Packet> packets = packets_until("R.");
  std::vector<std::string> flags;
  flags.reserve(packets.size());
  for (const Packet& packet : packets) flags.push_back(packet.flags);
  ASSERT_THAT(flags, testing::ElementsAre("S", ".", ".", ".", ".", "R."));
  expect_interval(packets[1], packets[2], 2);
  expect_interval(packets[2], packets[3], 1);
  expect_interval(packets[3], packets[4], 1);
  expect_interval(packets[4], packets[5], 1);
}

TEST_F(ProbesTest, StartAnewAfterData) {
  Peer server(*server_, "server", server_->address(), 0, {});
  Peer client(*client_, "client", server_->address(), server.port(), preloaded(values));
  ASSERT_TRUE(client.wait_for("connected"));
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));  // within the silence that is allowed
  client.process.write("data\n");
  ASSERT_TRUE(server.wait_for("got data"));
  link("server", false);
  const std::vector<Packet> packets = packets_until("R.");
  ASSERT_GE(packets.size(), 4U);
  ASSERT_EQ(packets[2].flags, "P.");
  expect_interval(packets[2], packets[3], 2);
}

TEST_F(ProbesTest, AreNotSentUnderOff) {
  Peer server(*server_, "server", server_->address(), 0, {});
  Peer client(*client_, "client", server_->address(), server.port(), preloaded(with(values, {{"KEEPALIVE", "off"}})));
  cut_after_connection(client);
  EXPECT_EQ(packets_until("R.", std::chrono::seconds(6)).size(), 2U);  // those of the handshake
}

TEST_F(ProbesTest, AreSentForMptcp) {
  Peer server(*server_, "server", server_->address(), 0, {}, "mptcp");
  Peer client(*client_, "client", server_->address(), server.port(), preloaded(values), "mptcp");
  cut_after_connection(client);
  // Some kernels (6.x) refuse TCP_KEEPIDLE for MPTCP sockets: no probe would come in time.
  const std::vector<Packet> packets = packets_until("R.", std::chrono::seconds(8));
  ASSERT_GE(packets.size(), 5U);
  expect_interval(packets[1], packets[2], 2);
  expect_interval(packets[2], packets[3], 1);
}

}  // namespace
