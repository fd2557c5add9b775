/// @file
/// `keepalive show`: which sockets it shows, by state, address family and protocol.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include "show.h"
#include "support/eventually.h"

namespace {

using namespace support;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ShowTest, ShowsListeners) {
  const Process nc({{"nc", "-l", "127.0.0.1", std::to_string(free_port())}, preloaded(all_values)});
  const auto listening = wait_for_tcp_socket(nc.pid(), TCP_LISTEN);
  ASSERT_TRUE(listening);
  const JsonObject object = shown(nc.pid(), listening->fd);
  EXPECT_EQ(object.at("state"), "LISTEN");
  EXPECT_EQ(object.at("local_port"), std::to_string(listening->local_port));
  EXPECT_EQ(object.at("peer_address"), "None");
  EXPECT_EQ(object.at("peer_port"), "None");
  EXPECT_EQ(object.at("keepalive"), "True");
  EXPECT_EQ(object.at("idle_s"), "180");
  EXPECT_EQ(object.at("next_probe_ms"), "None");
  EXPECT_THAT(run_keepalive({"show", std::to_string(nc.pid())}).out,
              HasSubstr("  LISTEN  127.0.0.1:" + std::to_string(listening->local_port) + "  *   "));
}

int state_of(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_state : -1;
}

// Each state that a descriptor can lead to, by the name that ss(8) gives it.
TEST_F(ShowTest, NamesTheStatesAsSsDoes) {
  const Listener listener;
  std::vector<Descriptor> ours;
  std::vector<Descriptor> theirs;
  for (int i = 0; i < 3; ++i) {
    ours.push_back(connect_to(listener.port()));
    theirs.push_back(listener.accept());
  }
  shutdown(ours[1].get(), SHUT_WR);    // FIN-WAIT-2
  shutdown(theirs[2].get(), SHUT_WR);  // CLOSE-WAIT
  for (const int fd : {ours[1].get(), theirs[2].get()}) {
    ASSERT_TRUE(eventually([&] { return state_of(fd) == TCP_FIN_WAIT2; })) << "the other end has acknowledged it";
  }
  const Descriptor unconnected(socket(AF_INET, SOCK_STREAM, 0));
  std::vector<std::string> states;
  for (const JsonObject& object : shown(getpid())) {
    states.push_back(object.at("state"));
    if (object.at("state") == "UNCONN") {
      EXPECT_EQ(object.at("fd"), std::to_string(unconnected.get()));
      continue;  // ss(8) does not list sockets without a port
    }
    const std::string peer = object.at("peer_port") == "None" ? "" : " and dport = :" + object.at("peer_port");
    const std::string filter = "sport = :" + object.at("local_port") + peer;
    EXPECT_EQ(ss(filter).rfind(object.at("state") + " ", 0), peer.empty() ? ss(filter).find("LISTEN ") : 0)
        << filter << "\n"
        << ss(filter);
  }
  EXPECT_THAT(states, testing::UnorderedElementsAre("LISTEN", "ESTAB", "ESTAB", "FIN-WAIT-2", "CLOSE-WAIT",
                                                    "FIN-WAIT-2", "CLOSE-WAIT", "UNCONN"));
}

/// A connection that the listener does not answer, because its queue is full.
class BeingMade {
 public:
  explicit BeingMade(const char* six_host, int protocol = 0)
      : fd_(socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, protocol)) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(static_cast<in_port_t>(listener_.port()));
    inet_pton(AF_INET6, six_host, &address.sin6_addr);
    const int answer = connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    EXPECT_TRUE(fd_.get() < 0 || answer < 0) << "the queue is not full";
  }

  [[nodiscard]] int get() const { return fd_.get(); }
  [[nodiscard]] std::string port() const { return std::to_string(listener_.port()); }

 private:
  const Listener listener_{0};
  const Descriptor queued_ = connect_to(listener_.port());
  const Descriptor fd_;
};

TEST_F(ShowTest, ShowsThePeerOfAConnectionThatIsBeingMade) {
  for (const int protocol : {0, 262}) {  // 262: IPPROTO_MPTCP
    const BeingMade connection("::ffff:127.0.0.1", protocol);
    if (connection.get() < 0) continue;  // no MPTCP
    ASSERT_EQ(state_of(connection.get()), TCP_SYN_SENT);
    const JsonObject object = shown(getpid(), connection.get());
    EXPECT_EQ(object.at("state"), "SYN-SENT");
    EXPECT_EQ(object.at("peer_address"), "::ffff:127.0.0.1");
    EXPECT_EQ(object.at("peer_port"), connection.port());
    EXPECT_EQ(object.at("next_probe_ms"), "None");
    for (const char* peer : {"127.0.0.1", "::ffff:127.0.0.1"}) {
      EXPECT_THAT(run_keepalive({"show", "--peer", peer, std::to_string(getpid())}).out, HasSubstr("  SYN-SENT  "));
    }
    EXPECT_EQ(run_keepalive({"set", "--port", connection.port(), "--fd", std::to_string(connection.get()),
                             std::to_string(getpid())})
                  .status,
              0);
    EXPECT_EQ(options_of(connection.get())[0], '1');
  }
}

TEST_F(ShowTest, ShowsIPv6AndIPv4BehindIPv6) {
  Process server({{"socat", "TCP6-LISTEN:0,ipv6only=0,fork,so-keepalive,keepidle=77", "PIPE"}, {}});
  const auto listening = wait_for_tcp_socket(server.pid(), TCP_LISTEN);
  ASSERT_TRUE(listening);
  const std::string port = std::to_string(listening->local_port);
  const Process six({{"nc", "::1", port}, {}});
  const auto six_socket = wait_for_tcp_socket(six.pid(), TCP_ESTABLISHED);
  const Process four({{"nc", "127.0.0.1", port}, {}});
  const auto four_socket = wait_for_tcp_socket(four.pid(), TCP_ESTABLISHED);
  ASSERT_TRUE(six_socket && four_socket);

  const JsonObject client = shown(six.pid(), six_socket->fd);
  EXPECT_EQ(client.at("local_address"), "::1");
  EXPECT_EQ(client.at("peer_address"), "::1");
  EXPECT_EQ(client.at("peer_port"), port);
  EXPECT_THAT(run_keepalive({"show", std::to_string(six.pid())}).out, HasSubstr("  [::1]:" + port + " "));

  // socat has a process for each connection.
  const auto accepted_from = [&](int peer_port) -> std::optional<JsonObject> {
    for (const pid_t pid : group_members(server.pid())) {
      JsonObject found = with_value(shown(pid), "peer_port", std::to_string(peer_port));
      if (!found.empty() && found.at("state") == "ESTAB") return found;
    }
    return std::nullopt;
  };
  const auto from_six = eventually([&] { return accepted_from(six_socket->local_port); });
  ASSERT_TRUE(from_six);
  EXPECT_EQ(from_six->at("peer_address"), "::1");
  EXPECT_EQ(from_six->at("idle_s"), "77");
  const auto from_four = eventually([&] { return accepted_from(four_socket->local_port); });
  ASSERT_TRUE(from_four);
  EXPECT_EQ(from_four->at("peer_address"), "::ffff:127.0.0.1");
  EXPECT_EQ(from_four->at("keepalive"), "True");
}

TEST_F(ShowTest, ShowsMptcp) {
  const Descriptor listener(socket(AF_INET, SOCK_STREAM, 262));
  REQUIRE_OR_SKIP(listener.get() >= 0, "this needs a kernel with MPTCP");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener.get(), generic, size), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  ASSERT_EQ(getsockname(listener.get(), generic, &size), 0);
  const Process client(
      {{"/usr/bin/python3", KEEPALIVE_PEER, "client", "127.0.0.1", std::to_string(ntohs(address.sin_port)), "mptcp"},
       preloaded({{"KEEPIDLE", "180"}, {"KEEPINTVL", "60"}, {"KEEPCNT", "20"}})});
  const Descriptor end(accept(listener.get(), nullptr, nullptr));
  const auto connection = wait_for_tcp_socket(client.pid(), TCP_ESTABLISHED);
  ASSERT_TRUE(connection);
  const JsonObject object = shown(client.pid(), connection->fd);
  EXPECT_EQ(object.at("protocol"), "mptcp");
  EXPECT_EQ(object.at("peer_port"), std::to_string(ntohs(address.sin_port)));
  EXPECT_EQ(object.at("keepalive"), "True");
  REQUIRE_OR_SKIP(connection->idle == 180, "this needs a kernel that takes the values for MPTCP");
  EXPECT_EQ(object.at("idle_s"), "180");
  EXPECT_EQ(object.at("interval_s"), "60");
  EXPECT_EQ(object.at("count"), "20");
  EXPECT_NEAR(std::stod(object.at("next_probe_ms")), 180'000, 5000);
}

TEST_F(ShowTest, ShowsOtherSocketsNotAtAll) {
  const Descriptor udp(socket(AF_INET, SOCK_DGRAM, 0));
  const Descriptor unix_stream(socket(AF_UNIX, SOCK_STREAM, 0));
  const Descriptor netlink(socket(AF_NETLINK, SOCK_RAW, 0));
  EXPECT_THAT(shown(getpid()), IsEmpty());
  const Outcome table = run_keepalive({"show", std::to_string(getpid())});
  EXPECT_EQ(failure_of(table), "0: keepalive show: no TCP sockets\n");
}

}  // namespace
