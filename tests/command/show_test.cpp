/// @file
/// `keepalive show` on programs that nobody here wrote, compared with what is known of their sockets otherwise.
#include "show.h"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <chrono>
#include <cmath>
#include <set>
#include <thread>

#include "support/eventually.h"

namespace {

using namespace support;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;

TEST_F(ShowTest, TellsInJsonWhatThePreloadedLibraryWasGiven) {
  const ConnectedNc nc(preloaded(all_values));
  const std::vector<JsonObject> objects = shown(nc.pid());
  ASSERT_THAT(objects, SizeIs(1));
  JsonObject object = objects[0];
  const long next_probe = std::stol(object["next_probe_ms"]);
  object.erase("next_probe_ms");
  EXPECT_EQ(object, (JsonObject{{"pid", nc.target()},
                                {"process", "nc"},
                                {"fd", std::to_string(nc.fd)},
                                {"protocol", "tcp"},
                                {"state", "ESTAB"},
                                {"local_address", "127.0.0.1"},
                                {"local_port", std::to_string(nc.port)},
                                {"peer_address", "127.0.0.1"},
                                {"peer_port", std::to_string(nc.listener.port())},
                                {"keepalive", "True"},
                                {"count", "20"},
                                {"idle_s", "180"},
                                {"interval_s", "60"},
                                {"user_timeout_ms", "30000"}}));
  const std::string line = ss("sport = :" + std::to_string(nc.port));
  const auto timer = keepalive_timer_in(line);
  ASSERT_TRUE(timer) << line;
  EXPECT_NEAR(static_cast<double>(next_probe), static_cast<double>(*timer), 3000);
}

TEST_F(ShowTest, TellsTheSystemsValuesAndNoProbeWhereKeepaliveIsOff) {
  const ConnectedNc nc;
  const JsonObject object = shown(nc.pid(), nc.fd);
  EXPECT_EQ(object.at("keepalive"), "False");
  EXPECT_EQ(object.at("next_probe_ms"), "None");
  EXPECT_EQ(object.at("user_timeout_ms"), "None");
  const auto system_value = [](const std::string& name) {
    std::string value;
    std::ifstream("/proc/sys/net/ipv4/tcp_keepalive_" + name) >> value;
    return value;
  };
  EXPECT_EQ(object.at("idle_s"), system_value("time"));
  EXPECT_EQ(object.at("interval_s"), system_value("intvl"));
  EXPECT_EQ(object.at("count"), system_value("probes"));
}

class ShowTableTest : public ShowTest {
 protected:
  [[nodiscard]] std::string row(const ConnectedNc& nc, const std::string& rest) const {
    return " *" + nc.target() + "  nc        *" + std::to_string(nc.fd) + R"(  ESTAB  127\.0\.0\.1:)" +
           std::to_string(nc.port) + R"( +127\.0\.0\.1:)" + std::to_string(nc.listener.port()) + " +" + rest + "\n";
  }

  void expect_table(const std::vector<std::string>& options, const std::string& titles, const std::string& on_values,
                    const std::string& off_values) {
    std::vector<std::string> arguments{"show", on_.target(), off_.target()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Outcome outcome = run_keepalive(arguments);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "");
    const std::string on_row = row(on_, on_values);
    const std::string off_row = row(off_, off_values);
    EXPECT_THAT(outcome.out, MatchesRegex(" *PID  PROCESS  FD  STATE  LOCAL +PEER +" + titles + "\n" +
                                          (on_.pid() < off_.pid() ? on_row + off_row : off_row + on_row)));
  }

 private:
  ConnectedNc on_{preloaded(all_values)};
  ConnectedNc off_;
};

TEST_F(ShowTableTest, SaysTheSameForPeople) {
  expect_table({}, "KEEPALIVE  TIMEOUT   NEXT", "3m[+]20x1m       30s  (2m5.|3m..)s", "off              -      -");
}

TEST_F(ShowTableTest, WideHasAColumnForEachValue) {
  expect_table({"--wide"}, "KEEPALIVE  COUNT   IDLE  INTERVAL  USER-TIMEOUT  NEXT PROBE",
               "on            20   180s       60s       30000ms       (2m5.|3m..)s",
               "off            9  7200s       75s             -           -");
}

TEST_F(ShowTest, ColumnsWithoutAnyValueAreLeftOutUnlessWide) {
  const ConnectedNc nc;
  const Outcome narrow = run_keepalive({"show", nc.target()});
  EXPECT_THAT(narrow.out, MatchesRegex(" *PID  PROCESS  FD  STATE  LOCAL +PEER +KEEPALIVE\n.*  off\n"));
  EXPECT_THAT(run_keepalive({"show", "--wide", nc.target()}).out, HasSubstr("USER-TIMEOUT  NEXT PROBE\n"));
}

TEST_F(ShowTest, ColorsAreForTerminals) {
  const ConnectedNc nc(preloaded(all_values));
  EXPECT_THAT(run_keepalive({"show", nc.target()}, {{"TERM", "xterm"}}).out, testing::Not(HasSubstr("\033")));
}

// The kernel does not move its timer with each packet: when it fires too early it is only set anew.
TEST_F(ShowTest, TheNextProbeCountsFromTheLastPacketThatCame) {
  const ConnectedNc nc(preloaded({{"KEEPIDLE", "30"}}));
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  const long before = std::stol(shown(nc.pid(), nc.fd).at("next_probe_ms"));
  ASSERT_EQ(send(nc.end.get(), "x", 1, 0), 1);
  const long after = std::stol(shown(nc.pid(), nc.fd).at("next_probe_ms"));
  const auto timer = keepalive_timer_in(ss("sport = :" + std::to_string(nc.port)));
  ASSERT_TRUE(timer);
  EXPECT_GT(after, before + 1000);
  EXPECT_LE(after, 30'000);
  EXPECT_GT(after, *timer);
}

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
    for (int i = 0; i < 500 && state_of(fd) != TCP_FIN_WAIT2; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));  // until the other end has acknowledged it
    }
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
  const auto find = [&](int peer_port) {
    for (int attempt = 0; attempt < 500; ++attempt) {
      for (const pid_t pid : group_members(server.pid())) {
        JsonObject found = with_value(shown(pid), "peer_port", std::to_string(peer_port));
        if (!found.empty() && found.at("state") == "ESTAB") return found;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));  // until socat has accepted it
    }
    return JsonObject();
  };
  const JsonObject from_six = find(six_socket->local_port);
  ASSERT_FALSE(from_six.empty());
  EXPECT_EQ(from_six.at("peer_address"), "::1");
  EXPECT_EQ(from_six.at("idle_s"), "77");
  const JsonObject from_four = find(four_socket->local_port);
  ASSERT_FALSE(from_four.empty());
  EXPECT_EQ(from_four.at("peer_address"), "::ffff:127.0.0.1");
  EXPECT_EQ(from_four.at("keepalive"), "True");
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

// --- filters ---

TEST_F(ShowTest, FiltersAreThoseOfSet) {
  const ConnectedNc one;
  const ConnectedNc two;
  const auto shown_with = [&](const std::vector<std::string>& options) {
    std::vector<std::string> arguments{"show", "--json", one.target(), two.target()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Outcome outcome = run_keepalive(arguments);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "");
    std::string ports;
    for (const JsonObject& object : read_json(outcome.out)) ports += object.at("local_port") + " ";
    return ports;
  };
  EXPECT_EQ(shown_with({"--port", std::to_string(one.port)}), std::to_string(one.port) + " ");
  EXPECT_EQ(shown_with({"--port", std::to_string(two.listener.port())}), std::to_string(two.port) + " ");
  EXPECT_EQ(shown_with({"--peer", "127.0.0.1:" + std::to_string(one.listener.port())}), std::to_string(one.port) + " ");
  EXPECT_EQ(shown_with({"--peer", "127.0.0.2"}), "");
  EXPECT_EQ(shown_with({"--fd", "2147483647"}), "");
  EXPECT_EQ(failure_of(run_keepalive({"show", "--fd", "2147483647", one.target()})),
            "0: keepalive show: no TCP socket matches\n");
}

TEST_F(ShowTest, UnprotectedShowsTheConnectionsThatANatForgets) {
  const ConnectedNc off;
  const ConnectedNc on(preloaded({{"KEEPIDLE", "120"}, {"KEEPINTVL", "60"}}));
  const std::string own = std::to_string(getpid());  // has listeners and the other ends, without keepalive
  const auto pids_with = [&](const std::string& timeout) {
    std::set<std::string> pids;
    const Outcome outcome = run_keepalive({"show", "--json", "--unprotected", timeout, off.target(), on.target(), own});
    EXPECT_EQ(outcome.status, 0);
    for (const JsonObject& object : read_json(outcome.out)) {
      EXPECT_EQ(object.at("state"), "ESTAB");
      pids.insert(object.at("pid"));
    }
    return pids;
  };
  EXPECT_EQ(pids_with("350s"), (std::set{off.target(), own}));
  EXPECT_EQ(pids_with("121"), (std::set{off.target(), own}));
  EXPECT_EQ(pids_with("2m"), (std::set{off.target(), on.target(), own}));  // just when the NAT forgets it
  EXPECT_EQ(failure_of(run_keepalive({"show", "--unprotected", "350s", on.target()})),
            "0: keepalive show: no established connection stays without a probe for 350s\n");
  EXPECT_THAT(run_keepalive({"show", "--unprotected", "long"}).err,
              HasSubstr("--unprotected 'long': not a whole number "));
}

TEST_F(ShowTest, RefusesWrongOptions) {
  EXPECT_EQ(failure_of(run_keepalive({"show", "--xml"})),
            "2: keepalive show: unknown option --xml; see keepalive show --help\n");
  EXPECT_EQ(failure_of(run_keepalive({"show", "--json=1"})),
            "2: keepalive show: --json takes no value; see keepalive show --help\n");
}

}  // namespace
