/// @file
/// Keepalive of an attached cgroup on the wire: the NAT that forgets, and the peer that vanishes.
#include "network/network.h"

#include <gmock/gmock.h>

#include <chrono>

#include "attached_cgroup.h"

namespace {

using namespace support;
using network::expect_only_ours_is_heard_again;
using network::Peer;
using std::chrono::seconds;

class AttachNat : public network::NatTest {
 protected:
  void SetUp() override {
    REQUIRE_CGROUP_BPF();
    REQUIRE_PROGRAM("/bin/busybox");
    NatTest::SetUp();
  }
};

TEST_F(AttachNat, AnIdleStaticClientIsHeardAgain) {
  const TestCgroup cgroup;
  ASSERT_EQ(run_keepalive({"attach", "--idle", "1", "--interval", "1", cgroup.path()}).err, "");
  Peer server_of_bare(*server_, "server", server_->address(), 0, {});
  Peer server_of_ours(*server_, "server", server_->address(), 0, {});
  const auto client_of = [&](Peer& server) {
    return client_->command({"/bin/busybox", "nc", server_->address(), std::to_string(server.port())});
  };
  Process bare({client_of(server_of_bare), {}});
  Process ours({cgroup.inside(client_of(server_of_ours)), {}});
  expect_only_ours_is_heard_again(bare, server_of_bare, ours, server_of_ours);
}

class AttachVanishedPeer : public network::SwitchTest {
 protected:
  void SetUp() override {
    REQUIRE_CGROUP_BPF();
    SwitchTest::SetUp();
  }

  /// A client of a server that vanishes, with data on the way or none; the error that it has in the end.
  std::string end_of_client(const TestCgroup& cgroup, const std::string& data) {
    Peer server(*server_, "server", server_->address(), 0, {});
    Process client({cgroup.inside(client_->command({"/usr/bin/python3", KEEPALIVE_PEER, "client", server_->address(),
                                                    std::to_string(server.port()), "tcp"})),
                    {}});
    if (!client.wait_for_output("connected")) return "no connection";
    link("server", false);
    if (!data.empty()) client.write(data);
    client.wait_for_output("error ", seconds(8));
    const std::string& output = client.output();
    const std::size_t error = output.find("error ");
    return error == std::string::npos ? "none" : output.substr(error + 6, output.find(' ', error + 6) - error - 6);
  }
};

TEST_F(AttachVanishedPeer, IsNoticed) {
  const TestCgroup cgroup;
  ASSERT_EQ(run_keepalive({"attach", "--idle", "1", "--interval", "1", "--count", "2", cgroup.path()}).err, "");
  EXPECT_EQ(end_of_client(cgroup, ""), "ETIMEDOUT");
}

TEST_F(AttachVanishedPeer, WithDataOnTheWayNeedsTheUserTimeout) {
  const TestCgroup cgroup;
  ASSERT_EQ(run_keepalive(
                {"attach", "--idle", "1", "--interval", "1", "--count", "2", "--user-timeout", "auto", cgroup.path()})
                .err,
            "");
  EXPECT_EQ(end_of_client(cgroup, "unheard\n"), "ETIMEDOUT");
}

TEST_F(AttachVanishedPeer, WithoutItIsNot) {
  const TestCgroup cgroup;
  EXPECT_EQ(end_of_client(cgroup, ""), "none");
}

}  // namespace
