/// @file
/// A peer that disappears without a packet (TCP Keepalive HOWTO, 2.3): without keepalive a program waits for it for
/// ever.
#include <gmock/gmock.h>

#include <sstream>

#include "network.h"
#include "support/preload.h"

namespace {

using namespace network;
using namespace support;
using std::chrono::milliseconds;

// A dead peer is noticed after idle + interval x count.
constexpr double bound = 1 + 1 * 2;
const Environment values{{"KEEPIDLE", "1"}, {"KEEPINTVL", "1"}, {"KEEPCNT", "2"}};

constexpr milliseconds long_after{static_cast<int>(2 * bound * 1000)};

// "error NAME SECONDS", as peer.py says it.
struct End {
  std::string name;
  double seconds = 0;
};

End end_of(Peer& peer) {
  End end;
  if (!peer.wait_for("error ")) return end;
  peer.process.wait();
  std::istringstream words(peer.process.output().substr(peer.process.output().find("error ")));
  std::string word;
  words >> word >> end.name >> end.seconds;
  return end;
}

// The kernel's timers may be late by an eighth, and the machine may be busy.
void expect_in_time(const End& end, double seconds) {
  EXPECT_EQ(end.name, "ETIMEDOUT");
  EXPECT_GE(end.seconds, seconds - 0.1);
  EXPECT_LE(end.seconds, seconds * 1.125 + 1);
}

class VanishedPeerTest : public SwitchTest {
 protected:
  void expect_noticed(const std::string& address, const std::string& vanishing) {
    const std::string role = vanishing == "server" ? "client" : "server";
    const auto environment_of = [&](const std::string& one, const Environment& environment) {
      return one == role ? environment : Environment{};
    };
    const Environment ours = preloaded(values);
    Peer bare_server(*server_, "server", address, 0, environment_of("server", {}));
    Peer our_server(*server_, "server", address, 0, environment_of("server", ours));
    Peer bare_client(*client_, "client", address, bare_server.port(), environment_of("client", {}));
    Peer our_client(*client_, "client", address, our_server.port(), environment_of("client", ours));
    Peer& bare = role == "client" ? bare_client : bare_server;
    Peer& noticing = role == "client" ? our_client : our_server;
    ASSERT_TRUE(bare.wait_for("connected") && noticing.wait_for("connected"));
    link(vanishing, false);
    expect_in_time(end_of(noticing), bound);
    EXPECT_FALSE(bare.wait_for("error", long_after)) << bare.process.output();
  }
};

TEST_F(VanishedPeerTest, IsNoticedByAClient) { expect_noticed(server_->address(), "server"); }

TEST_F(VanishedPeerTest, IsNoticedByAClientOverIpv6) { expect_noticed(server_->address6(), "server"); }

// A server that does not ask for keepalive itself gets rid of dead clients.
TEST_F(VanishedPeerTest, IsNoticedByAServer) { expect_noticed(server_->address(), "client"); }

TEST_F(VanishedPeerTest, IsNoticedByAServerOverIpv6) { expect_noticed(server_->address6(), "client"); }

TEST_F(VanishedPeerTest, ThatRebootsIsNoticedAtTheFirstProbe) {
  auto server = std::make_unique<Peer>(*server_, "server", server_->address(), 0, Environment{});
  Peer client(*client_, "client", server_->address(), server->port(), preloaded(values));
  ASSERT_TRUE(client.wait_for("connected"));
  link("server", false);
  server.reset();
  reboot_server();
  const End end = end_of(client);
  EXPECT_EQ(end.name, "ECONNRESET");
  EXPECT_LE(end.seconds, bound);
}

// There are no probes while data is unacknowledged: the kernel retransmits the data, for a quarter of an hour.
TEST_F(VanishedPeerTest, WithDataOnTheWayNeedsTheUserTimeout) {
  Peer servers[]{{*server_, "server", server_->address(), 0, {}}, {*server_, "server", server_->address(), 0, {}}};
  Peer with_keepalive(*client_, "client", server_->address(), servers[0].port(), preloaded(values));
  Peer with_user_timeout(*client_, "client", server_->address(), servers[1].port(),
                         preloaded(with(values, {{"KEEPALIVE_USER_TIMEOUT", "auto"}})));
  ASSERT_TRUE(with_keepalive.wait_for("connected") && with_user_timeout.wait_for("connected"));
  link("server", false);
  with_keepalive.process.write("unheard\n");
  with_user_timeout.process.write("unheard\n");
  expect_in_time(end_of(with_user_timeout), bound);
  EXPECT_FALSE(with_keepalive.wait_for("error", long_after)) << with_keepalive.process.output();
}

}  // namespace
