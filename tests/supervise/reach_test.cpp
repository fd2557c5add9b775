/// @file
/// Programs that no preload library reaches, under the supervisor, their sockets looked at from outside.
#include <gmock/gmock.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "support/loopback.h"
#include "support/open_sockets.h"
#include "support/preload.h"
#include "support/requirements.h"
#include "support/supervised.h"

namespace {

using namespace support;

constexpr char asked_for[] = "SO_KEEPALIVE=1 TCP_KEEPCNT=20 TCP_KEEPIDLE=180 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=0";

/// `{port}` stands for the port of the test's listener.
struct Client {
  const char* name;
  std::vector<std::string> command;
  std::string on = asked_for;
  std::string force = asked_for;
};

/// Waits for one connection at a port that the kernel chooses.
struct Server {
  const char* name;
  std::vector<std::string> command;
  std::string on = asked_for;
  std::string force = asked_for;
};

void PrintTo(const Client& client, std::ostream* out) { *out << client.name; }
void PrintTo(const Server& server, std::ostream* out) { *out << server.name; }

std::string program(const char* name) { return programs + "/" + name; }

const std::string dynamic = program("beyond");
const std::string statically = program("beyond-static");

constexpr char untouched[] = "SO_KEEPALIVE=0 TCP_KEEPCNT=9 TCP_KEEPIDLE=7200 TCP_KEEPINTVL=75 TCP_USER_TIMEOUT=0";

// Go sets its own values (15 s) after connect(2), and so under `on` they stand.
constexpr char of_go[] = "SO_KEEPALIVE=1 TCP_KEEPCNT=(9|20) TCP_KEEPIDLE=15 TCP_KEEPINTVL=15 TCP_USER_TIMEOUT=0";

const std::vector<Client> clients{
    {"Static", {statically, "client", "{port}"}},
    {"StaticMusl", {program("beyond-musl"), "client", "{port}"}},
    {"StaticBusybox", {"/bin/busybox", "nc", "127.0.0.1", "{port}"}},
    {"Dynamic", {dynamic, "client", "{port}"}},
    {"SystemCallsByNumber", {dynamic, "by-number", "{port}"}},
    {"SocketFromIoUring", {dynamic, "by-io-uring", "{port}"}, untouched, untouched},  // a limit that the manual names
    {"FastOpen", {statically, "fast-open", "{port}"}},
    {"Mptcp", {statically, "mptcp", "{port}"}, "SO_KEEPALIVE=1 .*", "SO_KEEPALIVE=1 .*"},
    {"Ipv6", {statically, "over-ipv6", "{port}"}},
    {"Thread", {statically, "in-thread", "{port}"}},
    {"Fork", {statically, "in-child", "{port}"}},
    {"Vfork", {statically, "in-vfork-child", "{port}"}},
    {"Exec", {statically, "after-exec", "{port}"}},
    {"ScriptThatStartsStatic", {"/bin/sh", "-c", statically + " client {port}; true"}},
    {"Socketcall", {program("socketcall"), "{port}"}},
    {"SocketcallThatTurnsItOff",
     {program("socketcall"), "{port}", "off"},
     "SO_KEEPALIVE=0 TCP_KEEPCNT=20 TCP_KEEPIDLE=180 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=0"},
    {"StaticThatTurnsItOff",
     {statically, "without-keepalive", "{port}"},
     "SO_KEEPALIVE=0 TCP_KEEPCNT=20 TCP_KEEPIDLE=180 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=0"},
    {"StaticThatAsksAgain",
     {statically, "asks-again", "{port}"},
     "SO_KEEPALIVE=0 TCP_KEEPCNT=20 TCP_KEEPIDLE=180 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=0"},
    {"StaticWithItsOwnValues",
     {statically, "with-own-values", "{port}"},
     "SO_KEEPALIVE=1 TCP_KEEPCNT=20 TCP_KEEPIDLE=33 TCP_KEEPINTVL=33 TCP_USER_TIMEOUT=0"},
    {"StaticThatTurnsItOnOnly", {statically, "only-on", "{port}"}},
    {"Go", {program("go-client-cgo0"), "{port}"}, of_go},
    {"GoWithCgo", {program("go-client-cgo1"), "{port}"}, of_go},
    {"GoThatLeavesItToOthers", {program("go-client-cgo0"), "{port}", "plain"}},
    {"GoWithCgoThatLeavesItToOthers", {program("go-client-cgo1"), "{port}", "plain"}},
};

const std::vector<Server> servers{
    {"Static", {statically, "server"}},
    {"StaticMusl", {program("beyond-musl"), "server"}},
    {"Socketcall", {program("socketcall")}},
    {"Go", {program("go-server-cgo0")}, of_go},
    {"GoWithCgo", {program("go-server-cgo1")}, of_go},
    {"GoThatLeavesItToOthers", {program("go-server-cgo0"), "plain"}},
    {"GoWithCgoThatLeavesItToOthers", {program("go-server-cgo1"), "plain"}},
};

std::vector<std::string> with_port(std::vector<std::string> command, int port) {
  for (std::string& argument : command) {
    const std::size_t place = argument.find("{port}");
    if (place != std::string::npos) argument.replace(place, 6, std::to_string(port));
  }
  return command;
}

// A program may set options of its own some time after it has connected.
void expect_options_of_socket(pid_t group, int state, const std::string& pattern) {
  std::string options;
  for (int attempt = 0; attempt < 200; ++attempt) {
    const auto socket = wait_for_tcp_socket(group, state);
    ASSERT_TRUE(socket);
    options = options_text(*socket);
    if (testing::Matches(testing::MatchesRegex(pattern))(options)) return;
    poll(nullptr, 0, 10);
  }
  FAIL() << options << " is not " << pattern;
}

class SuperviseClient : public testing::TestWithParam<Client> {
 protected:
  static void expect_options(const std::vector<std::string>& options, const std::string& pattern) {
    REQUIRE_PROGRAM(GetParam().command[0]);
    const Listener listener;
    std::vector<std::string> all{"--supervise"};
    all.insert(all.end(), options.begin(), options.end());
    const Process client({run_with_howto_values(all, with_port(GetParam().command, listener.port())), {}});
    const Descriptor connection = listener.accept();
    ASSERT_GE(connection.get(), 0);
    expect_options_of_socket(client.pid(), TCP_ESTABLISHED, pattern);
  }
};

INSTANTIATE_TEST_SUITE_P(Reaches, SuperviseClient, testing::ValuesIn(clients),
                         [](const auto& row) { return row.param.name; });

TEST_P(SuperviseClient, HasTheValuesAskedForOrItsOwn) { expect_options({}, GetParam().on); }

TEST_P(SuperviseClient, HasTheValuesAskedForWhenForced) { expect_options({"--force"}, GetParam().force); }

class SuperviseServer : public testing::TestWithParam<Server> {
 protected:
  static void expect_options(const std::vector<std::string>& options, const std::string& pattern) {
    REQUIRE_PROGRAM(GetParam().command[0]);
    std::vector<std::string> all{"--supervise"};
    all.insert(all.end(), options.begin(), options.end());
    const Process server({run_with_howto_values(all, GetParam().command), {}});
    const auto listening = wait_for_tcp_socket(server.pid(), TCP_LISTEN);
    ASSERT_TRUE(listening);
    const Descriptor connection = connect_to(listening->local_port);
    ASSERT_GE(connection.get(), 0);
    expect_options_of_socket(server.pid(), TCP_ESTABLISHED, pattern);
  }
};

INSTANTIATE_TEST_SUITE_P(Reaches, SuperviseServer, testing::ValuesIn(servers),
                         [](const auto& row) { return row.param.name; });

TEST_P(SuperviseServer, HasTheValuesAskedForOrItsOwn) { expect_options({}, GetParam().on); }

TEST_P(SuperviseServer, HasTheValuesAskedForWhenForced) { expect_options({"--force"}, GetParam().force); }

// The program has ended, and the command with it; what it has left behind is served on.
TEST(Supervise, ServesADaemonThatOutlivesTheProgram) {
  const Listener listener;
  Process program_process(
      {run_with_howto_values({"--supervise"}, {statically, "in-daemon", std::to_string(listener.port())}), {}});
  const Descriptor connection = listener.accept();
  ASSERT_GE(connection.get(), 0);
  ASSERT_TRUE(program_process.wait_for_output("\n"));
  const pid_t daemon = std::stoi(program_process.output());
  const std::vector<TcpSocket> sockets = tcp_sockets_of(daemon);
  ASSERT_EQ(sockets.size(), 1U);
  EXPECT_EQ(options_text(sockets[0]), asked_for);
  program_process.close_input();
  EXPECT_EQ(program_process.wait().status, 0);
}

// The program calls neither connect nor listen.
TEST(Supervise, GivesInheritedListenersKeepalive) {
  const std::string passing_on =
      "import os, socket, sys\n"
      "listener = socket.create_server(('127.0.0.1', 0))\n"
      "os.set_inheritable(listener.fileno(), True)\n"
      "os.execv(sys.argv[1], sys.argv[1:] + [str(listener.fileno())])\n";
  const std::string accepting =
      "import socket, sys\n"
      "socket.socket(fileno=int(sys.argv[1])).accept()[0].recv(1)\n";
  std::vector<std::string> command{"python3", "-c", passing_on};
  for (const std::string& word : run_with_howto_values({"--supervise"}, {"python3", "-c", accepting})) {
    command.push_back(word);
  }
  const Process server({command, {}});
  expect_options_of_socket(server.pid(), TCP_LISTEN, asked_for);
  const auto listener = wait_for_tcp_socket(server.pid(), TCP_LISTEN);
  ASSERT_TRUE(listener);
  const Descriptor connection = connect_to(listener->local_port);
  ASSERT_GE(connection.get(), 0);
  expect_options_of_socket(server.pid(), TCP_ESTABLISHED, asked_for);
}

TEST(Supervise, IsChosenWhereNoLibraryReaches) {
  const Listener listener;
  const std::string port = std::to_string(listener.port());
  Process client({run_with_howto_values({"--verbose"}, {statically, "client", port}), {}});
  const Descriptor connection = listener.accept();
  ASSERT_GE(connection.get(), 0);
  expect_options_of_socket(client.pid(), TCP_ESTABLISHED, asked_for);
  client.close_input();
  const Outcome outcome = client.wait();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.err,
              testing::MatchesRegex(
                  "keepalive run: using the preload library and a supervisor \\('.*beyond-static' is statically "
                  "linked\\)\nkeepalive\\[[0-9]+\\]: socket: descriptor 3: "
                  "SO_KEEPALIVE 1, TCP_KEEPCNT 20, TCP_KEEPIDLE 180 s, TCP_KEEPINTVL "
                  "60 s\n"));
}

TEST(Supervise, LeavesDynamicProgramsToTheLibraryUnlessAsked) {
  const Outcome chosen = run({run_with_howto_values({"--verbose"}, {check}), {}});
  EXPECT_THAT(chosen.err, testing::StartsWith("keepalive run: using the preload library\n"));
  const Outcome asked = run({run_with_howto_values({"--verbose", "--supervise"}, {check}), {}});
  EXPECT_THAT(asked.err, testing::StartsWith("keepalive run: using a supervisor\n"));
}

}  // namespace
