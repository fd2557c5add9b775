/// @file
/// `keepalive show` on real programs, compared with what other tools tell of their sockets.
#include "show.h"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <chrono>
#include <set>
#include <thread>

namespace {

using namespace support;
using testing::HasSubstr;
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
    const Outcome outcome = run_keepalive(joined({"show", on_.target(), off_.target()}, options));
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

// The kernel does not move its timer with each packet: if it fires too early, the kernel only sets it anew.
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

TEST_F(ShowTest, FiltersAreThoseOfSet) {
  const ConnectedNc one;
  const ConnectedNc two;
  const auto shown_with = [&](const std::vector<std::string>& options) {
    const Outcome outcome = run_keepalive(joined({"show", "--json", one.target(), two.target()}, options));
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
  EXPECT_EQ(failure_of(run_keepalive({"show", "--peer", "::1:22", one.target()})),
            "0: keepalive show: no TCP socket matches; did you mean --peer [::1]:22?\n");
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
  EXPECT_EQ(pids_with("2m"),
            (std::set{off.target(), on.target(), own}));  // its probe comes just when the NAT forgets it
  EXPECT_EQ(failure_of(run_keepalive({"show", "--unprotected", "350s", on.target()})),
            "0: keepalive show: no established connection stays without a probe for 350s\n");
  EXPECT_EQ(failure_of(run_keepalive({"show", "--unprotected", "350s", "--fd", "1000000", on.target()})),
            "0: keepalive show: no matching connection stays without a probe for 350s\n");
  EXPECT_THAT(run_keepalive({"show", "--unprotected", "long"}).err,
              HasSubstr("--unprotected 'long': not a whole number "));
}

}  // namespace
