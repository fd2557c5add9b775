/// @file
/// Sockets of other network namespaces, and connections whose peer is gone.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "network/network.h"
#include "show.h"
#include "support/eventually.h"

namespace {

using namespace support;
using testing::SizeIs;

class ShowInNamespaces : public network::SwitchTest {};

TEST_F(ShowInNamespaces, SocketsOfOtherNamespacesAreShownWithTheirTimer) {
  for (const std::string& protocol : {std::string("tcp"), std::string("mptcp")}) {
    network::Peer server(*server_, "server", server_->address(), 0, {}, protocol);
    network::Peer client(*client_, "client", server_->address(), server.port(),
                         preloaded({{"KEEPIDLE", "100"}, {"KEEPINTVL", "10"}, {"KEEPCNT", "3"}}), protocol);
    ASSERT_TRUE(client.wait_for("connected"));
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // some silence
    const std::vector<JsonObject> objects = shown(client.process.pid());
    ASSERT_THAT(objects, SizeIs(1));
    EXPECT_EQ(objects[0].at("protocol"), protocol);
    EXPECT_EQ(objects[0].at("local_address"), client_->address());
    EXPECT_EQ(objects[0].at("peer_address"), server_->address());
    EXPECT_EQ(objects[0].at("idle_s"), "100");
    const std::string line = run({client_->command({"ss", "-tnoH"}), {}}).out;
    const auto timer = keepalive_timer_in(line);
    ASSERT_TRUE(timer) << line;
    EXPECT_NEAR(std::stod(objects[0].at("next_probe_ms")), static_cast<double>(*timer), 3000);
  }
}

TEST_F(ShowInNamespaces, AConnectionThatIsBeingMadeHasItsPeer) {
  network::Peer server(*server_, "server", server_->address(), 0, {});
  link("server", false);
  network::Peer client(*client_, "client", server_->address(), server.port(), {});
  ASSERT_TRUE(wait_for_tcp_socket(client.process.pid(), TCP_SYN_SENT));
  const std::vector<JsonObject> objects = shown(client.process.pid());
  ASSERT_THAT(objects, SizeIs(1));
  EXPECT_EQ(objects[0].at("peer_address"), server_->address());
  EXPECT_EQ(objects[0].at("peer_port"), std::to_string(server.port()));
}

TEST_F(ShowInNamespaces, ProbesThatGoUnansweredAreFollowed) {
  network::Peer server(*server_, "server", server_->address6(), 0, {});
  network::Peer client(*client_, "client", server_->address6(), server.port(),
                       preloaded({{"KEEPIDLE", "1"}, {"KEEPINTVL", "30"}, {"KEEPCNT", "9"}}));
  ASSERT_TRUE(client.wait_for("connected"));
  link("server", false);
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));  // the first probe is out
  const std::vector<JsonObject> objects = shown(client.process.pid());
  ASSERT_THAT(objects, SizeIs(1));
  EXPECT_EQ(objects[0].at("peer_address"), server_->address6());
  const auto timer = keepalive_timer_in(run({client_->command({"ss", "-tnoH"}), {}}).out);
  ASSERT_TRUE(timer);
  EXPECT_GT(*timer, 20'000);
  EXPECT_NEAR(std::stod(objects[0].at("next_probe_ms")), static_cast<double>(*timer), 5000);
}

TEST_F(ShowInNamespaces, ThereIsNoNextProbeWhileDataIsUnacknowledged) {
  network::Peer server(*server_, "server", server_->address(), 0, {});
  network::Peer client(*client_, "client", server_->address(), server.port(), preloaded({{"KEEPIDLE", "100"}}));
  ASSERT_TRUE(client.wait_for("connected"));
  link("server", false);
  client.process.write("data\n");
  const auto retransmits = [&] {
    return run({client_->command({"ss", "-tnoH"}), {}}).out.find("timer:(on,") != std::string::npos;
  };
  ASSERT_TRUE(eventually(retransmits));
  // In this network namespace, and in the socket's own, where the kernel's timer can be read.
  const std::vector<std::string> show = keepalive_command({"show", "--json", std::to_string(client.process.pid())});
  for (const auto& command : {show, client_->command(show)}) {
    const std::vector<JsonObject> objects = read_json(run({command, {}}).out);
    ASSERT_THAT(objects, SizeIs(1));
    EXPECT_EQ(objects[0].at("keepalive"), "True");
    EXPECT_EQ(objects[0].at("next_probe_ms"), "None");
  }
}

}  // namespace
