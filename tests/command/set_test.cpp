/// @file
/// `keepalive set`: on programs that nobody here wrote, and on sockets of the test itself, which it can ask directly.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>

#include "network/network.h"
#include "others.h"
#include "support/open_sockets.h"

namespace {

using namespace support;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char not_covered[] = "keepalive set: new sockets of these processes are not covered\n";
constexpr char not_covered_but_accepted[] =
    "keepalive set: new sockets of these processes are not covered, but for those that a listener above accepts\n";

class SetTest : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_RIGHT_TO_LOOK();
    for (const char* program : {"nc", "socat"}) REQUIRE_PROGRAM(program);
  }

  static Outcome set(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "set");
    return run_keepalive(arguments);
  }
};

const std::string own_pid = std::to_string(getpid());

// --- values ---

struct Row {
  std::vector<std::string> options;
  const char* after;  ///< options_of()
};

TEST_F(SetTest, EachOptionSetsItsValueAndNoOther) {
  const Listener listener;
  for (const Row& row : {
           Row{{}, "1 9 7200 75 0"},
           Row{{"--idle", "120"}, "1 9 120 75 0"},
           Row{{"--idle=2m"}, "1 9 120 75 0"},
           Row{{"--interval", "30s"}, "1 9 7200 30 0"},
           Row{{"--count", "4"}, "1 4 7200 75 0"},
           Row{{"--user-timeout", "1500ms"}, "1 9 7200 75 1500"},
           Row{{"--user-timeout", "30s"}, "1 9 7200 75 30000"},
           Row{{"--user-timeout", "auto"}, "1 9 7200 75 7875000"},
           Row{{"--idle", "120", "--interval", "30", "--count", "4", "--user-timeout", "auto"}, "1 4 120 30 240000"},
           Row{{"--idle", "32767", "--interval", "32767", "--count", "127", "--user-timeout", "2147483647ms"},
               "1 127 32767 32767 2147483647"},
       }) {
    const Descriptor fd = connect_to(listener.port());
    const Descriptor end = listener.accept();
    REQUIRE_OR_SKIP(options_of(fd.get()) == "0 9 7200 75 0", "this needs the system's values as the kernel has them");
    std::vector<std::string> arguments = row.options;
    arguments.insert(arguments.end(), {"--fd", std::to_string(fd.get()), own_pid});
    const Outcome outcome = set(arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, not_covered);
    EXPECT_EQ(options_of(fd.get()), row.after) << testing::PrintToString(row.options);
  }
}

TEST_F(SetTest, SaysNothingOfNewSocketsWhenItIsTurnedOff) {
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  EXPECT_EQ(set({"--off", own_pid}).err, "");
}

TEST_F(SetTest, OffTurnsItOffAndTheValuesStay) {
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  ASSERT_EQ(set({"--idle", "120", "--count", "4", own_pid}).status, 0);
  const std::string on = options_of(fd.get());
  ASSERT_EQ(on[0], '1');
  const Outcome outcome = set({"--off", own_pid});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const std::string after = options_of(fd.get());
  EXPECT_EQ(after[0], '0');
  EXPECT_EQ(after.substr(1), on.substr(1));
}

TEST_F(SetTest, ProgramsOfOthersGetItWithoutNotice) {
  const Listener listener;
  Process nc({{"nc", "127.0.0.1", std::to_string(listener.port())}, {}});
  const Descriptor end = listener.accept();
  const auto before = wait_for_tcp_socket(nc.pid(), TCP_ESTABLISHED);
  ASSERT_TRUE(before);
  EXPECT_EQ(set({"--idle", "120", "--interval", "30", "--count", "4", std::to_string(nc.pid())}).status, 0);
  const auto after = wait_for_tcp_socket(nc.pid(), TCP_ESTABLISHED);
  ASSERT_TRUE(after);
  EXPECT_EQ(options_text(*after), "SO_KEEPALIVE=1 TCP_KEEPCNT=4 TCP_KEEPIDLE=120 TCP_KEEPINTVL=30 TCP_USER_TIMEOUT=0");
  const std::string line = run({{"ss", "-tnoH", "sport = :" + std::to_string(after->local_port)}, {}}).out;
  const auto timer = keepalive_timer_in(line);
  ASSERT_TRUE(timer) << line;
  EXPECT_LE(*timer, 136'000);
  // The connection goes on as before.
  nc.write("question\n");
  std::array<char, 9> question{};
  EXPECT_EQ(recv(end.get(), question.data(), question.size(), MSG_WAITALL), 9);
  ASSERT_EQ(send(end.get(), "answer\n", 7, 0), 7);
  EXPECT_TRUE(nc.wait_for_output("answer\n"));
}

TEST_F(SetTest, PrintsWhatWasBeforeAndAfter) {
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  REQUIRE_OR_SKIP(options_of(fd.get()) == "0 9 7200 75 0", "this needs the system's values as the kernel has them");
  const std::vector<std::string> arguments{
      "--idle", "2m", "--count", "4", "--user-timeout", "auto", "--fd", std::to_string(fd.get()), own_pid};
  std::string row = set(arguments).out;
  row = row.substr(row.find('\n') + 1);
  EXPECT_THAT(row, HasSubstr("  off -> on  9 -> 4  7200s -> 120s       75s  - -> 420000ms\n"));
  std::string again = set(arguments).out;
  again = again.substr(again.find('\n') + 1);
  EXPECT_THAT(again, testing::ContainsRegex("  on +4 +120s +75s +420000ms\n"));
  std::string off = set({"--off", own_pid}).out;
  EXPECT_THAT(off, HasSubstr("  on -> off"));
}

TEST_F(SetTest, ADryRunShowsTheSameAndChangesNothing) {
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  for (const auto& options : std::vector<std::vector<std::string>>{
           {"--idle", "2m", "--user-timeout", "auto"}, {"--count", "4", "--interval", "7"}, {"--off"}, {}}) {
    std::vector<std::string> arguments = options;
    arguments.insert(arguments.end(), {"--fd", std::to_string(fd.get()), own_pid});
    const std::string before = options_of(fd.get());
    std::vector<std::string> dry = arguments;
    dry.insert(dry.begin(), "--dry-run");
    const Outcome outcome = set(dry);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "keepalive set: a dry run, nothing was changed\n");
    EXPECT_EQ(options_of(fd.get()), before);
    EXPECT_EQ(set(arguments).out, outcome.out);
  }
}

// --- which sockets ---

/// Sockets of the test, each of another kind, and which of them a filter reaches.
class FilterTest : public SetTest {
 protected:
  void SetUp() override {
    SetTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    six_listener_ = Descriptor(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    REQUIRE_OR_SKIP(bind(six_listener_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0 &&
                        listen(six_listener_.get(), 8) == 0,
                    "this needs IPv6");
    socklen_t size = sizeof any;
    getsockname(six_listener_.get(), reinterpret_cast<sockaddr*>(&any), &size);
    six_port_ = ntohs(any.sin6_port);
    sockets_["listener"] = six_listener_.get();
    add("four", connect_to(listener_.port()));
    add("other", connect_to(other_listener_.port()));
    add("six", connect_six("::1", six_port_));
    add("mapped", connect_six("::ffff:127.0.0.1", listener_.port()));
  }

  /// The sockets that have keepalive after `set OPTION...`; without it again when that is known.
  std::vector<std::string> reached_by(const std::vector<std::string>& options) {
    std::vector<std::string> arguments = options;
    arguments.push_back(own_pid);
    const Outcome outcome = set(arguments);
    std::vector<std::string> reached;
    for (const auto& [name, fd] : sockets_) {
      if (options_of(fd)[0] == '1') reached.push_back(name);
      const int off = 0;
      setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof off);
    }
    EXPECT_EQ(outcome.status, reached.empty() ? 1 : 0) << outcome.err;
    const bool has_listener =
        std::any_of(reached.begin(), reached.end(), [](const std::string& name) { return name == "listener"; });
    EXPECT_THAT(outcome.err, testing::AnyOf("keepalive set: no TCP socket of these processes matches\n", not_covered,
                                            not_covered_but_accepted));
    EXPECT_EQ(outcome.err.find("no TCP socket") != std::string::npos, reached.empty());
    EXPECT_TRUE(!has_listener || outcome.err == not_covered_but_accepted) << outcome.err;
    return reached;
  }

  [[nodiscard]] std::string port() const { return std::to_string(listener_.port()); }
  [[nodiscard]] std::string six_port() const { return std::to_string(six_port_); }
  [[nodiscard]] int fd(const std::string& name) const { return sockets_.at(name); }

 private:
  void add(const std::string& name, Descriptor fd) {
    ASSERT_GE(fd.get(), 0);
    sockets_[name] = fd.get();
    connections_.push_back(std::move(fd));
  }

  static Descriptor connect_six(const char* host, int port) {
    Descriptor fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(static_cast<in_port_t>(port));
    inet_pton(AF_INET6, host, &address.sin6_addr);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Descriptor();
    return fd;
  }

  Listener listener_;
  Listener other_listener_;
  Descriptor six_listener_;
  int six_port_ = 0;
  std::vector<Descriptor> connections_;
  std::map<std::string, int> sockets_;  ///< in the order of their names
};

TEST_F(FilterTest, WithoutOneAllAreReached) {
  EXPECT_THAT(reached_by({}), ElementsAre("four", "listener", "mapped", "other", "six"));
}

TEST_F(FilterTest, PeerIsAnAddressOfEitherFamily) {
  EXPECT_THAT(reached_by({"--peer", "127.0.0.1"}), ElementsAre("four", "mapped", "other"));
  EXPECT_THAT(reached_by({"--peer", "::ffff:127.0.0.1"}), ElementsAre("mapped"));
  EXPECT_THAT(reached_by({"--peer", "::1"}), ElementsAre("six"));
  EXPECT_THAT(reached_by({"--peer", "[::1]"}), ElementsAre("six"));
  EXPECT_THAT(reached_by({"--peer", "0:0::0:1"}), ElementsAre("six"));  // however it is written
  EXPECT_THAT(reached_by({"--peer", "127.0.0.2"}), IsEmpty());
  EXPECT_THAT(reached_by({"--peer", "::"}), IsEmpty());
}

TEST_F(FilterTest, PeerMayHaveAPort) {
  EXPECT_THAT(reached_by({"--peer", "127.0.0.1:" + port()}), ElementsAre("four", "mapped"));
  EXPECT_THAT(reached_by({"--peer", "[::1]:" + six_port()}), ElementsAre("six"));
  EXPECT_THAT(reached_by({"--peer", "[::ffff:127.0.0.1]:" + port()}), ElementsAre("mapped"));
  EXPECT_THAT(reached_by({"--peer", "[::1]:" + port()}), IsEmpty());
  EXPECT_THAT(reached_by({"--peer", "[::1]:1"}), IsEmpty());
}

TEST_F(FilterTest, PortIsThatOfEitherEnd) {
  EXPECT_THAT(reached_by({"--port", port()}), ElementsAre("four", "mapped"));
  EXPECT_THAT(reached_by({"--port", six_port()}), ElementsAre("listener", "six"));
  EXPECT_THAT(reached_by({"--port", "1"}), IsEmpty());
}

TEST_F(FilterTest, DescriptorIsOne) {
  EXPECT_THAT(reached_by({"--fd", std::to_string(fd("other"))}), ElementsAre("other"));
  EXPECT_THAT(reached_by({"--fd", "0"}), IsEmpty());
  EXPECT_THAT(reached_by({"--fd", "2147483647"}), IsEmpty());
}

TEST_F(FilterTest, SeveralMustAllMatch) {
  EXPECT_THAT(reached_by({"--peer", "127.0.0.1", "--port", port(), "--fd", std::to_string(fd("four"))}),
              ElementsAre("four"));
  EXPECT_THAT(reached_by({"--peer", "127.0.0.1", "--fd", std::to_string(fd("six"))}), IsEmpty());
}

TEST_F(FilterTest, ADryRunReachesNone) {
  const Outcome outcome = set({"--dry-run", own_pid});
  EXPECT_THAT(outcome.out, HasSubstr("off -> on"));
  for (const char* name : {"four", "listener", "mapped", "other", "six"}) EXPECT_EQ(options_of(fd(name))[0], '0');
}

class ZoneTest : public network::NetworkTest {};

TEST_F(ZoneTest, PeerMayBeALinkLocalAddressAsItIsShown) {
  network::in_the_middle("ip link set lo up && ip address add fe80::7/64 dev lo nodad");
  const Descriptor listener(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Descriptor fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_scope_id = if_nametoindex("lo");
  inet_pton(AF_INET6, "fe80::7", &address.sin6_addr);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener.get(), generic, size), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  ASSERT_EQ(getsockname(listener.get(), generic, &size), 0);
  ASSERT_EQ(connect(fd.get(), generic, size), 0);

  const std::string peer = shown(getpid(), fd.get()).at("peer_address");
  EXPECT_EQ(peer, "fe80::7%lo");
  const auto keepalive_after = [&](const std::string& filter) {
    run_keepalive({"set", "--idle", "5", "--peer", filter, own_pid});
    const char on = options_of(fd.get())[0];
    run_keepalive({"set", "--off", own_pid});
    return on;
  };
  const std::string port = std::to_string(ntohs(address.sin6_port));
  EXPECT_EQ(keepalive_after(peer), '1');
  EXPECT_EQ(keepalive_after("[" + peer + "]:" + port), '1');
  EXPECT_EQ(keepalive_after("fe80::7"), '1');
  EXPECT_EQ(keepalive_after("fe80::7%eth0"), '0');
}

// --- listeners ---

TEST_F(SetTest, WhatAListenerAcceptsFromThenOnInherits) {
  const Process server({{"socat", "TCP-LISTEN:0,bind=127.0.0.1,fork", "PIPE"}, {}});
  const auto listening = wait_for_tcp_socket(server.pid(), TCP_LISTEN);
  ASSERT_TRUE(listening);
  EXPECT_EQ(set({"--idle", "120", "--interval", "30", "--count", "4", std::to_string(server.pid())}).status, 0);
  const Descriptor connection = connect_to(listening->local_port);
  ASSERT_GE(connection.get(), 0);
  const auto accepted = wait_for_tcp_socket(server.pid(), TCP_ESTABLISHED);
  ASSERT_TRUE(accepted);
  EXPECT_EQ(options_text(*accepted),
            "SO_KEEPALIVE=1 TCP_KEEPCNT=4 TCP_KEEPIDLE=120 TCP_KEEPINTVL=30 TCP_USER_TIMEOUT=0");
}

// --- which processes, and errors ---

TEST_F(SetTest, SeveralProcessesByNumberAndName) {
  const Listener listener;
  const std::string port = std::to_string(listener.port());
  const Process one({{"nc", "127.0.0.1", port}, {}});
  const Process two({{"socat", "-u", "TCP:127.0.0.1:" + port, "-"}, {}});
  ASSERT_TRUE(wait_for_tcp_socket(one.pid(), TCP_ESTABLISHED));
  ASSERT_TRUE(wait_for_tcp_socket(two.pid(), TCP_ESTABLISHED));
  // The port keeps it from others of that name on this machine.
  const Outcome outcome = set({"--port", port, "--idle", "77", "socat", std::to_string(one.pid())});
  EXPECT_EQ(wait_for_tcp_socket(one.pid(), TCP_ESTABLISHED)->idle, 77);
  EXPECT_EQ(wait_for_tcp_socket(two.pid(), TCP_ESTABLISHED)->idle, 77);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
}

TEST_F(SetTest, WhatIsNotThereIsSaidAndTheRestIsSet) {
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  const Outcome outcome = set({"4194305", "no-such-name", "", own_pid});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err,
            "keepalive set: there is no process 4194305\n"
            "keepalive set: no process is named 'no-such-name'\n"
            "keepalive set: no process is named ''\n" +
                std::string(not_covered_but_accepted));
  EXPECT_EQ(options_of(fd.get())[0], '1');
}

TEST_F(SetTest, AProcessWithoutTcpSocketsIsSaid) {
  EXPECT_EQ(failure_of(set({own_pid})), "1: keepalive set: no TCP socket of these processes matches\n");
}

TEST_F(SetTest, ARefusalOfTheKernelIsSaidWithTheSocket) {
  REQUIRE_PROGRAM("strace");
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  const auto refused = [&](const std::string& errors) {
    return run({{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=setsockopt:error=" + errors, keepalive_path,
                 "set", "--idle", "5", "--fd", std::to_string(fd.get()), own_pid},
                {{"ASAN_OPTIONS", "detect_leaks=0"}}});
  };
  const Outcome outcome = refused("EOPNOTSUPP");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, testing::ContainsRegex("^keepalive set: process " + own_pid + " \\([^)]*\\), descriptor " +
                                                  std::to_string(fd.get()) +
                                                  ": the kernel refuses SO_KEEPALIVE: Operation not supported\n"));
  EXPECT_THAT(outcome.err, HasSubstr(": the kernel refuses TCP_KEEPIDLE: Operation not supported\n"));
  EXPECT_THAT(outcome.err, testing::Not(HasSubstr("TCP_KEEPCNT")));
  EXPECT_EQ(options_of(fd.get())[0], '0');
  EXPECT_THAT(refused("EINVAL:when=2").err, testing::Not(HasSubstr("SO_KEEPALIVE")));
  EXPECT_EQ(options_of(fd.get())[0], '1');
}

TEST_F(SetTest, WhatItDidIsDoneWhereItsOutputIsLost) {
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  EXPECT_EQ(failure_of(run({{"sh", "-c", keepalive_path + " set " + own_pid + " > /dev/full"}, {}})),
            "1: keepalive set: standard output can't be written: No space left on device\n");
  EXPECT_EQ(options_of(fd.get())[0], '1');
}

TEST_F(SetTest, ProcessesThatComeAndGoAreNoErrors) {
  REQUIRE_ROOT();  // others may have processes of this name
  const Listener listener;
  const Process churn({{"bash", "-c",
                        "for worker in 1 2 3; do (while :; do (exec 3<>/dev/tcp/127.0.0.1/" +
                            std::to_string(listener.port()) + ") 2> /dev/null; done) & done; wait"},
                       {}});
  for (int i = 0; i < 60; ++i) {
    const Outcome outcome = set({"--dry-run", "bash"});
    EXPECT_THAT(outcome.err, testing::AnyOf("keepalive set: a dry run, nothing was changed\n",
                                            "keepalive set: no TCP socket of these processes matches\n"));
  }
}

TEST_F(SetTest, RefusesAWrongCommandLineBeforeAnythingIsSet) {
  const std::string see = "; see keepalive set --help";
  const std::string address = "': not a numeric address, as in 10.1.2.3, 10.1.2.3:5432, [fd00::1]:5432";
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  for (const auto& [options, message] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--unknown"}, "unknown option --unknown" + see},
           {{"--force"}, "unknown option --force" + see},
           {{"--off=1"}, "--off takes no value" + see},
           {{"--idle", "0"},
            "--idle '0': not a whole number of seconds from 1 to 32767, or a time such as 90s, 2m, 1h"},
           {{"--count", "128"}, "--count '128': not a whole number from 1 to 127"},
           {{"--off", "--idle", "5"}, "--off cannot be combined with values"},
           {{"--user-timeout", "auto", "--off"}, "--off cannot be combined with values"},
           {{"--port", "0"}, "--port '0': not a whole number from 1 to 65535"},
           {{"--port", "https"}, "--port 'https': not a whole number from 1 to 65535"},
           {{"--fd", "-1"}, "--fd '-1': not a whole number from 0 to 2147483647"},
           {{"--peer", "example.org"}, "--peer 'example.org" + address},
           {{"--peer", ""}, "--peer '" + address},
           {{"--peer", "10.1.2"}, "--peer '10.1.2" + address},
           {{"--peer", ":80"}, "--peer ':80" + address},
           {{"--peer", "["}, "--peer '[" + address},
           {{"--peer", "[]"}, "--peer '[]" + address},
           {{"--peer", "[::1"}, "--peer '[::1" + address},
           {{"--peer", "[::1]80"}, "--peer '[::1]80" + address},
           {{"--peer", "fe80::x%lo"}, "--peer 'fe80::x%lo" + address},
           {{"--peer", "::1]:80"}, "--peer '::1]:80" + address},
           {{"--peer", "10.1.2.3:"}, "--peer '10.1.2.3:': its port is not a whole number from 1 to 65535"},
           {{"--peer", "10.1.2.3:65536"}, "--peer '10.1.2.3:65536': its port is not a whole number from 1 to 65535"},
           {{"--peer", "[::1]:http"}, "--peer '[::1]:http': its port is not a whole number from 1 to 65535"},
       }) {
    std::vector<std::string> arguments = options;
    arguments.push_back(own_pid);
    EXPECT_EQ(failure_of(set(arguments)), "2: keepalive set: " + message + "\n");
  }
  EXPECT_EQ(failure_of(set({})), "2: keepalive set: missing PID or NAME; see keepalive set --help\n");
  EXPECT_EQ(failure_of(set({own_pid, "--idle"})), "2: keepalive set: --idle needs a value" + see + "\n");
  EXPECT_EQ(options_of(fd.get())[0], '0');
}

}  // namespace
