/// @file
/// `keepalive show` on processes that nobody here wrote, compared with what is known of them otherwise.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <memory>
#include <thread>

#include "network/network.h"
#include "others.h"
#include "support/open_sockets.h"
#include "support/other_user.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;

class ShowTest : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_RIGHT_TO_LOOK();
    for (const char* program : {"nc", "socat", "ss", "python3", "/usr/bin/python3"}) REQUIRE_PROGRAM(program);
  }
};

const Environment all_values{
    {"KEEPIDLE", "180"}, {"KEEPINTVL", "60"}, {"KEEPCNT", "20"}, {"KEEPALIVE_USER_TIMEOUT", "30000"}};

/// nc, connected with the test.
struct ConnectedNc {
  explicit ConnectedNc(const Environment& environment = {})
      : process({{"nc", "127.0.0.1", std::to_string(listener.port())}, environment}), end(listener.accept()) {
    const auto socket = wait_for_tcp_socket(process.pid(), TCP_ESTABLISHED);
    EXPECT_TRUE(socket);
    if (socket) fd = socket->fd;
    if (socket) port = socket->local_port;
  }

  [[nodiscard]] pid_t pid() const { return process.pid(); }
  [[nodiscard]] std::string target() const { return std::to_string(process.pid()); }

  Listener listener;
  Process process;
  Descriptor end;  ///< ours
  int fd = -1;     ///< its descriptor
  int port = 0;    ///< its port
};

std::string ss(const std::string& filter) { return run({{"ss", "-tanoH", filter}, {}}).out; }

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

TEST_F(ShowTest, TheTableSaysTheSame) {
  const ConnectedNc on(preloaded(all_values));
  const ConnectedNc off;
  const Outcome outcome = run_keepalive({"show", on.target(), off.target()});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  const auto row = [](const ConnectedNc& nc, const std::string& rest) {
    return " *" + nc.target() + "  nc        *" + std::to_string(nc.fd) + R"(  ESTAB  127\.0\.0\.1:)" +
           std::to_string(nc.port) + R"( +127\.0\.0\.1:)" + std::to_string(nc.listener.port()) + " +" + rest + "\n";
  };
  const std::string on_row = row(on, "on            20   180s       60s       30000ms       (2m5.|3m..)s");
  const std::string off_row = row(off, "off            9  7200s       75s             -           -");
  const std::string title =
      " *PID  PROCESS  FD  STATE  LOCAL ADDRESS +PEER ADDRESS +KEEPALIVE  COUNT   IDLE  INTERVAL  USER-TIMEOUT  NEXT "
      "PROBE\n";
  EXPECT_THAT(outcome.out, MatchesRegex(title + (on.pid() < off.pid() ? on_row + off_row : off_row + on_row)));
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
  EXPECT_EQ(
      table.out,
      "PID  PROCESS  FD  STATE  LOCAL ADDRESS  PEER ADDRESS  KEEPALIVE  COUNT  IDLE  INTERVAL  USER-TIMEOUT  NEXT "
      "PROBE\n");
  EXPECT_EQ(table.status, 0);
}

// --- which processes ---

// There may be processes that root may not look at either.
constexpr char only_hidden[] = "(keepalive show: [0-9]+ process(es)? can't be looked at; root needs .*\n)?";

TEST_F(ShowTest, WithoutArgumentsShowsAllProcesses) {
  REQUIRE_ROOT();
  const ConnectedNc one;
  const ConnectedNc two;
  const Outcome outcome = run_keepalive({"show", "--json"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.err, MatchesRegex(only_hidden));
  const std::vector<JsonObject> objects = read_json(outcome.out);
  for (const ConnectedNc* nc : {&one, &two}) {
    EXPECT_EQ(with_value(objects, "pid", nc->target())["local_port"], std::to_string(nc->port));
  }
  EXPECT_FALSE(with_value(objects, "pid", std::to_string(getpid())).empty());
}

TEST_F(ShowTest, NamesAreThoseThatAUserWouldCallIt) {
  REQUIRE_ROOT();  // others may have processes of these names
  const ConnectedNc nc;
  const TemporaryFolder folder;
  const std::string script =
      folder.file("a-script-with-a-long-name", "#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/$1\nread line\n");
  const Process long_name({{script, std::to_string(nc.listener.port())}, {}});
  ASSERT_TRUE(wait_for_tcp_socket(long_name.pid(), TCP_ESTABLISHED));
  const auto finds = [](const std::string& name, pid_t pid) {
    const Outcome outcome = run_keepalive({"show", "--json", name});
    return outcome.status == 0 && !with_value(read_json(outcome.out), "pid", std::to_string(pid)).empty();
  };
  EXPECT_TRUE(finds("nc", nc.pid()));
  EXPECT_TRUE(finds(std::filesystem::canonical(find_program("nc")).filename(), nc.pid()));  // its file: nc.openbsd
  EXPECT_TRUE(finds("a-script-with-a", long_name.pid()));                                   // as the kernel cuts it
  EXPECT_TRUE(finds("bash", long_name.pid()));
  EXPECT_FALSE(finds("n", nc.pid()));
}

TEST_F(ShowTest, AProcessIsShownOnceHoweverOftenItIsNamed) {
  const ConnectedNc nc;
  EXPECT_THAT(read_json(run_keepalive({"show", "--json", nc.target(), nc.target()}).out), SizeIs(1));
}

TEST_F(ShowTest, WhatIsNotThereIsSaidAndTheRestShown) {
  const ConnectedNc nc;
  const Outcome outcome = run_keepalive({"show", "--json", "4194305", nc.target(), "no-such-name", ""});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err,
            "keepalive show: there is no process 4194305\n"
            "keepalive show: no process is named 'no-such-name'\n"
            "keepalive show: no process is named ''\n");
  EXPECT_THAT(read_json(outcome.out), SizeIs(1));
}

TEST_F(ShowTest, ANumberTooLargeForAProcessIsNone) {
  const std::string number = std::to_string(4294967296LL + getpid());
  for (const std::string& target : {number, std::string("99999999999999999999"), std::string("0")}) {
    EXPECT_EQ(run_keepalive({"show", target}).err, "keepalive show: there is no process " + target + "\n");
  }
}

TEST_F(ShowTest, NamesFromOutsideCanNotSpoilTheOutput) {
  const Listener listener;
  Process bash({{"bash", "-c",
                 "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(listener.port()) +
                     R"(; printf 'q"b\\e\033n\tt\303\244' > /proc/$$/comm; echo ready; read line)"},
                {}});
  ASSERT_TRUE(bash.wait_for_output("ready"));
  const std::vector<JsonObject> objects = shown(bash.pid());
  ASSERT_THAT(objects, SizeIs(1));
  EXPECT_EQ(objects[0].at("process"), "q\"b\\e?n?t??");
}

TEST_F(ShowTest, RefusesWrongOptions) {
  EXPECT_EQ(failure_of(run_keepalive({"show", "--xml"})),
            "2: keepalive show: unknown option --xml; see keepalive show --help\n");
  EXPECT_EQ(failure_of(run_keepalive({"show", "--json=1"})),
            "2: keepalive show: --json takes no value; see keepalive show --help\n");
}

// --- rights ---

/// The command where an ordinary user can reach it.
class OrdinaryUserTest : public ShowTest {
 protected:
  void SetUp() override {
    REQUIRE_ROOT();
    REQUIRE_PROGRAM("setpriv");
    ShowTest::SetUp();
    std::filesystem::copy_file(keepalive_path, folder_ / "keepalive");
    own_ = std::make_unique<Process>(
        Command{command_as_nobody({"nc", "127.0.0.1", std::to_string(listener_.port())}), {}});
    end_ = listener_.accept();
    ASSERT_TRUE(wait_for_tcp_socket(own_->pid(), TCP_ESTABLISHED));
  }

  [[nodiscard]] Outcome as_ordinary_user(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), folder_ / "keepalive");
    return run({command_as_nobody(arguments), {}});
  }

  TemporaryFolder folder_;
  Listener listener_;
  std::unique_ptr<Process> own_;  ///< the user's own process
  Descriptor end_;
};

TEST_F(OrdinaryUserTest, SeesTheirOwnProcesses) {
  const std::string target = std::to_string(own_->pid());
  const Outcome outcome = as_ordinary_user({"show", "--json", target});
  if (yama_forbids()) {
    EXPECT_EQ(failure_of(outcome), "[]\n1: keepalive show: process " + target +
                                       " (nc) can't be looked at: Operation not permitted; try as root\n");
    return;
  }
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(with_value(read_json(outcome.out), "pid", target)["peer_port"], std::to_string(listener_.port()));
  EXPECT_EQ(as_ordinary_user({"set", "--idle", "66", target}).status, 0);
  EXPECT_THAT(as_ordinary_user({"show", target}).out, HasSubstr("  66s "));
}

TEST_F(OrdinaryUserTest, IsToldWhichProcessTheyMayNotSee) {
  const ConnectedNc nc;
  EXPECT_EQ(
      failure_of(as_ordinary_user({"show", "--json", nc.target()})),
      "[]\n1: keepalive show: process " + nc.target() + " (nc) can't be looked at: Permission denied; try as root\n");
  const Outcome set = as_ordinary_user({"set", nc.target()});
  EXPECT_EQ(set.status, 1);
  EXPECT_THAT(set.err, HasSubstr("keepalive set: process " + nc.target() +
                                 " (nc) can't be looked at: Permission denied; try as root\n"));
  EXPECT_EQ(shown(nc.pid(), nc.fd).at("keepalive"), "False");
}

TEST_F(OrdinaryUserTest, SeesTheRestOfAllProcesses) {
  const Outcome outcome = as_ordinary_user({"show", "--json"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.err,
              MatchesRegex("keepalive show: [0-9]+ processes of other users can't be looked at; try as root\n"));
  if (!yama_forbids()) {
    EXPECT_FALSE(with_value(read_json(outcome.out), "pid", std::to_string(own_->pid())).empty());
  }
}

TEST_F(OrdinaryUserTest, RootWithoutTheCapabilityIsToldWhatItTakes) {
  const ConnectedNc nc;
  const Outcome outcome = run({{"setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace", keepalive_path,
                                "show", "--json", nc.target()},
                               {}});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, MatchesRegex("keepalive show: process " + nc.target() +
                                        " \\(nc\\) can't be looked at: (Operation not permitted|Permission denied); "
                                        "root needs CAP_SYS_PTRACE for that, and no security module against it\n"));
}

// --- kernels and sandboxes ---

Outcome traced(const std::string& injection, const std::string& subcommand, const std::string& target) {
  return run(
      {{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=" + injection, keepalive_path, subcommand, target},
       {{"ASAN_OPTIONS", "detect_leaks=0"}}});
}

TEST_F(ShowTest, AnOlderKernelIsNamed) {
  REQUIRE_PROGRAM("strace");
  const ConnectedNc nc;
  for (const std::string subcommand : {"show", "set"}) {
    for (const char* injection : {"pidfd_open:error=ENOSYS", "pidfd_getfd:error=ENOSYS"}) {
      EXPECT_EQ(failure_of(traced(injection, subcommand, nc.target())),
                "1: keepalive " + subcommand + ": this needs Linux 5.6 or later (pidfd_getfd)\n")
          << injection;
    }
  }
}

TEST_F(ShowTest, ASandboxThatForbidsItIsNamed) {
  REQUIRE_PROGRAM("strace");
  const ConnectedNc nc;
  EXPECT_THAT(traced("pidfd_getfd:error=EPERM", "show", nc.target()).err,
              HasSubstr("process " + nc.target() + " (nc) can't be looked at: Operation not permitted; "));
}

TEST_F(ShowTest, WithoutNetlinkTheNextProbeIsEstimated) {
  REQUIRE_PROGRAM("strace");
  const ConnectedNc nc(preloaded(all_values));
  const Outcome outcome = run({{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=sendto:error=EPERM",
                                keepalive_path, "show", "--json", nc.target()},
                               {{"ASAN_OPTIONS", "detect_leaks=0"}}});
  const std::vector<JsonObject> objects = read_json(outcome.out);
  ASSERT_THAT(objects, SizeIs(1));
  EXPECT_NEAR(std::stod(objects[0].at("next_probe_ms")), 180'000, 5000);
}

TEST_F(ShowTest, AProcessThatEndsMeanwhileIsNoError) {
  REQUIRE_PROGRAM("strace");
  const ConnectedNc nc;
  for (const char* injection : {"pidfd_open:error=ESRCH", "pidfd_getfd:error=ESRCH", "pidfd_getfd:error=EBADF"}) {
    const Outcome outcome = traced(injection, "show", nc.target());
    EXPECT_EQ(outcome.err, "") << injection;
    EXPECT_EQ(outcome.status, 0) << injection;
  }
}

TEST_F(ShowTest, ProcessesThatComeAndGoAreNoErrors) {
  REQUIRE_ROOT();
  const Listener listener;
  const Process churn({{"bash", "-c",
                        "for worker in 1 2 3; do (while :; do (exec 3<>/dev/tcp/127.0.0.1/" +
                            std::to_string(listener.port()) + ") 2> /dev/null; done) & done; wait"},
                       {}});
  for (int i = 0; i < 60; ++i) {
    const Outcome outcome = run_keepalive({"show", "--json"});
    ASSERT_THAT(outcome.err, MatchesRegex(only_hidden));
    ASSERT_EQ(outcome.status, 0);
    const Outcome named = run_keepalive({"show", "--json", "bash"});
    ASSERT_EQ(named.err, "");
    ASSERT_EQ(named.status, 0);
  }
}

// --- many sockets ---

TEST_F(ShowTest, ThousandsOfSocketsTakeNoThousandsOfDescriptors) {
  REQUIRE_PROGRAM("prlimit");
  REQUIRE_ROOT();
  Process python({{"prlimit", "--nofile=12000", "python3", "-c",
                   "import socket\n"
                   "sockets = [socket.socket() for _ in range(10000)]\n"
                   "print('ready', flush=True)\n"
                   "input()\n"},
                  {}});
  ASSERT_TRUE(python.wait_for_output("ready"));
  const auto start = std::chrono::steady_clock::now();
  const std::string target = std::to_string(python.pid());
  const Outcome show = run({{"prlimit", "--nofile=24", keepalive_path, "show", target}, {}});
  EXPECT_EQ(show.status, 0) << show.err;
  EXPECT_EQ(std::count(show.out.begin(), show.out.end(), '\n'), 10'001);
  const Outcome set = run({{"prlimit", "--nofile=24", keepalive_path, "set", "--idle", "77", target}, {}});
  EXPECT_EQ(set.status, 0) << set.err;
  EXPECT_EQ(std::count(set.out.begin(), set.out.end(), '\n'), 10'001);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

// --- on a terminal ---

/// What the command prints on a terminal of that many columns.
std::string on_terminal(const std::string& arguments, int columns, const Environment& environment) {
  const Outcome outcome =
      run({{"script", "-qec", "stty cols " + std::to_string(columns) + "; " + keepalive_path + " " + arguments,
            "/dev/null"},
           environment});
  return std::regex_replace(outcome.out, std::regex("\r"), "");
}

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
  return widest;
}

TEST_F(ShowTest, OnATerminalTheTableFitsAndHasColors) {
  REQUIRE_PROGRAM("script");
  const ConnectedNc on(preloaded(all_values));
  const ConnectedNc off;
  const std::string arguments = "show " + on.target() + " " + off.target();
  const std::string whole = run_keepalive({"show", on.target(), off.target()}).out;

  const std::string wide = on_terminal(arguments, 200, {{"TERM", "xterm"}});
  EXPECT_THAT(wide, HasSubstr("  \033[32mon\033[0m "));
  EXPECT_THAT(wide, HasSubstr("  \033[31moff\033[0m "));
  EXPECT_EQ(widest_line(on_terminal(arguments, 200, {{"TERM", "xterm"}, {"NO_COLOR", "1"}})), widest_line(whole));

  const int narrow = static_cast<int>(widest_line(whole)) - 10;
  const std::string fitted = on_terminal(arguments, narrow, {{"TERM", "xterm"}, {"NO_COLOR", "1"}});
  EXPECT_EQ(widest_line(fitted), static_cast<std::size_t>(narrow)) << fitted;
  EXPECT_THAT(fitted, HasSubstr("~  "));
}

TEST_F(ShowTest, NoColorAndSimpleTerminalsAreHonoured) {
  REQUIRE_PROGRAM("script");
  const ConnectedNc nc(preloaded(all_values));
  const std::string arguments = "show " + nc.target();
  for (const Environment& environment :
       {Environment{{"TERM", "xterm"}, {"NO_COLOR", "1"}}, Environment{{"TERM", "dumb"}},
        Environment{{"TERM", "dumb"}, {"NO_COLOR", ""}}, Environment{}}) {
    EXPECT_THAT(on_terminal(arguments, 200, environment), testing::Not(HasSubstr("\033")));
  }
  EXPECT_THAT(on_terminal(arguments, 200, {{"TERM", "xterm"}, {"NO_COLOR", ""}}), HasSubstr("\033[32mon"));
}

// --- other network namespaces ---

class ShowInNamespaces : public network::SwitchTest {};

TEST_F(ShowInNamespaces, SocketsOfOtherNamespacesAreShownWithAnEstimate) {
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
    EXPECT_LE(std::stod(objects[0].at("next_probe_ms")), 98'500);
    // The kernel's own timer may be late by an eighth.
    EXPECT_NEAR(std::stod(objects[0].at("next_probe_ms")), static_cast<double>(*timer), 13'000);
  }
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
  for (int i = 0; i < 500 && !retransmits(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(retransmits());
  // From where the kernel's timer is seen, and from elsewhere.
  const std::vector<std::string> show = keepalive_command({"show", "--json", std::to_string(client.process.pid())});
  for (const auto& command : {show, client_->command(show)}) {
    const std::vector<JsonObject> objects = read_json(run({command, {}}).out);
    ASSERT_THAT(objects, SizeIs(1));
    EXPECT_EQ(objects[0].at("keepalive"), "True");
    EXPECT_EQ(objects[0].at("next_probe_ms"), "None");
  }
}

}  // namespace
