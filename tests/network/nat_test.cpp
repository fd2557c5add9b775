/// @file
/// A NAT that forgets idle connections (TCP Keepalive HOWTO, 2.4): a connection survives with keepalive only.
#include <chrono>
#include <csignal>

#include "network.h"
#include "support/open_sockets.h"
#include "support/preload.h"
#include "support/requirements.h"
#include "support/supervised.h"

namespace {

using namespace network;
using namespace support;
using std::chrono::seconds;

const Environment every_second = preloaded({{"KEEPIDLE", "1"}, {"KEEPINTVL", "1"}});

TEST_F(NatTest, AnIdleClientIsHeardAgain) {
  Peer server_of_bare(*server_, "server", server_->address(), 0, {});
  Peer server_of_ours(*server_, "server", server_->address(), 0, {});
  Peer bare(*client_, "client", server_->address(), server_of_bare.port(), {});
  Peer ours(*client_, "client", server_->address(), server_of_ours.port(), every_second);
  ASSERT_TRUE(bare.wait_for("connected") && ours.wait_for("connected"));
  expect_only_ours_is_heard_again(bare.process, server_of_bare, ours.process, server_of_ours);
}

TEST_F(NatTest, AnIdleNcIsHeardAgain) {
  REQUIRE_PROGRAM("nc");
  Peer server_of_bare(*server_, "server", server_->address(), 0, {});
  Peer server_of_ours(*server_, "server", server_->address(), 0, {});
  Process bare({client_->command({"nc", server_->address(), std::to_string(server_of_bare.port())}), {}});
  Process ours({client_->command({"nc", server_->address(), std::to_string(server_of_ours.port())}), every_second});
  expect_only_ours_is_heard_again(bare, server_of_bare, ours, server_of_ours);
}

TEST_F(NatTest, AnIdleStaticClientIsHeardAgainThroughTheCommand) {
  REQUIRE_PROGRAM("/bin/busybox");
  Peer server_of_bare(*server_, "server", server_->address(), 0, {});
  Peer server_of_ours(*server_, "server", server_->address(), 0, {});
  const auto client_of = [&](Peer& server) {
    return std::vector<std::string>{"/bin/busybox", "nc", server_->address(), std::to_string(server.port())};
  };
  const std::vector<std::string> run =
      joined({keepalive_path, "run", "--idle", "1", "--interval", "1"}, client_of(server_of_ours));
  Process bare({client_->command(client_of(server_of_bare)), {}});
  Process ours({client_->command(run), {}});
  expect_only_ours_is_heard_again(bare, server_of_bare, ours, server_of_ours);
}

TEST_F(NatTest, AServerReachesAnIdleClient) {
  Peer bare(*server_, "server", server_->address(), 0, {});
  Peer ours(*server_, "server", server_->address(), 0, every_second);
  Peer client_of_bare(*client_, "client", server_->address(), bare.port(), {});
  Peer client_of_ours(*client_, "client", server_->address(), ours.port(), {});
  ASSERT_TRUE(bare.wait_for("connected") && ours.wait_for("connected"));
  be_silent();
  bare.process.write("pushed\n");
  ours.process.write("pushed\n");
  EXPECT_TRUE(client_of_ours.wait_for("got pushed", arrival));
  EXPECT_FALSE(client_of_bare.wait_for("got pushed", arrival));
}

class NatDemonstrationTest : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_ROOT();
    for (const char* program : {"nft", "nc", "ss", "setpriv"}) REQUIRE_PROGRAM(program);
  }
};

TEST_F(NatDemonstrationTest, ShowsBothRuns) {
  const Outcome outcome = run({{KEEPALIVE_EXAMPLES "/nat-timeout.sh", library}, {}, "", seconds(60)});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("\"first\"    arrived                  arrived\n"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("\"second\"   never arrived            arrived\n"), std::string::npos) << outcome.out;
}

TEST_F(NatDemonstrationTest, RefusesToRunWithoutTheLibrary) {
  const Outcome outcome = run({{KEEPALIVE_EXAMPLES "/nat-timeout.sh", "/nonexistent/libkeepalive.so"}, {}});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(
      outcome.err,
      "nat-timeout.sh: the library '/nonexistent/libkeepalive.so' cannot be loaded; build or install it, or give its "
      "path\n");
}

TEST_F(NatDemonstrationTest, LeavesNothingWhenInterrupted) {
  Process script({{KEEPALIVE_EXAMPLES "/nat-timeout.sh", library}, {}});
  ASSERT_TRUE(script.wait_for_output("silence"));
  ASSERT_GT(group_members(script.pid()).size(), 1U);
  kill(script.pid(), SIGTERM);
  EXPECT_EQ(script.wait().status, 130);
  EXPECT_TRUE(group_members(script.pid()).empty());
}

}  // namespace
