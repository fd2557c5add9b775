/// @file
/// Programs that no preload library reaches, under the supervisor, their sockets read from outside.
#include "support/reach.h"

#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include "support/loopback.h"
#include "support/open_sockets.h"
#include "support/requirements.h"
#include "support/supervised.h"

namespace {

using namespace support;

const std::string turned_off = options_text({.keepalive = 0, .count = 20, .idle = 180, .interval = 60});

const std::vector<ReachedProgram> clients = clients_and({
    {"SocketFromIoUring",
     {dynamic_program, "by-io-uring", "{port}"},
     no_options,
     no_options},  // a limit that the manual names
    {"Mptcp", {static_program, "mptcp", "{port}"}, "SO_KEEPALIVE=1 .*", "SO_KEEPALIVE=1 .*"},
    {"Vfork", {static_program, "in-vfork-child", "{port}"}},
    {"ScriptThatStartsStatic", {"/bin/sh", "-c", static_program + " client {port}; true"}},
    {"Of32BitsThatTurnsItOff", {programs + "/socketcall", "{port}", "off"}, turned_off},
    {"ThatAsksAgain", {static_program, "asks-again", "{port}"}, turned_off},
    {"GoWithCgo", {programs + "/go-client-cgo1", "{port}"}, go_options},
    {"GoWithCgoThatLeavesItToOthers", {programs + "/go-client-cgo1", "{port}", "plain"}},
});

const std::vector<ReachedProgram> servers = servers_and({
    {"GoWithCgo", {programs + "/go-server-cgo1"}, go_options},
    {"GoWithCgoThatLeavesItToOthers", {programs + "/go-server-cgo1", "plain"}},
});

std::vector<std::string> supervised(const std::vector<std::string>& command) {
  return run_with_howto_values({"--supervise"}, command);
}

std::vector<std::string> supervised_with_force(const std::vector<std::string>& command) {
  return run_with_howto_values({"--supervise", "--force"}, command);
}

class SuperviseClient : public testing::TestWithParam<ReachedProgram> {};

INSTANTIATE_TEST_SUITE_P(Reaches, SuperviseClient, testing::ValuesIn(clients),
                         [](const auto& row) { return row.param.name; });

TEST_P(SuperviseClient, HasTheValuesAskedForOrItsOwn) {
  expect_options_of_client(GetParam(), supervised, GetParam().on);
}

TEST_P(SuperviseClient, HasTheValuesAskedForWhenForced) {
  expect_options_of_client(GetParam(), supervised_with_force, GetParam().force);
}

class SuperviseServer : public testing::TestWithParam<ReachedProgram> {};

INSTANTIATE_TEST_SUITE_P(Reaches, SuperviseServer, testing::ValuesIn(servers),
                         [](const auto& row) { return row.param.name; });

TEST_P(SuperviseServer, HasTheValuesAskedForOrItsOwn) {
  expect_options_of_server(GetParam(), supervised, GetParam().on);
}

TEST_P(SuperviseServer, HasTheValuesAskedForWhenForced) {
  expect_options_of_server(GetParam(), supervised_with_force, GetParam().force);
}

// The program has ended. Its child still has a supervisor.
TEST(Supervise, ServesADaemonThatOutlivesTheProgram) {
  const Listener listener;
  Process program_process(
      {run_with_howto_values({"--supervise"}, {static_program, "in-daemon", std::to_string(listener.port())}), {}});
  const Descriptor connection = listener.accept();
  ASSERT_GE(connection.get(), 0);
  ASSERT_TRUE(program_process.wait_for_output("\n"));
  const pid_t daemon = std::stoi(program_process.output());
  const std::vector<TcpSocket> sockets = tcp_sockets_of(daemon);
  ASSERT_EQ(sockets.size(), 1U);
  EXPECT_EQ(options_text(sockets[0]), all_howto_options);
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
  const std::vector<std::string> command =
      joined({"python3", "-c", passing_on}, run_with_howto_values({"--supervise"}, {"python3", "-c", accepting}));
  const Process server({command, {}});
  expect_options_of_socket(server.pid(), TCP_LISTEN, all_howto_options);
  const auto listener = wait_for_tcp_socket(server.pid(), TCP_LISTEN);
  ASSERT_TRUE(listener);
  const Descriptor connection = connect_to(listener->local_port);
  ASSERT_GE(connection.get(), 0);
  expect_options_of_socket(server.pid(), TCP_ESTABLISHED, all_howto_options);
}

TEST(Supervise, IsChosenWhereNoLibraryReaches) {
  const Listener listener;
  const std::string port = std::to_string(listener.port());
  Process client({run_with_howto_values({"--verbose"}, {static_program, "client", port}), {}});
  const Descriptor connection = listener.accept();
  ASSERT_GE(connection.get(), 0);
  expect_options_of_socket(client.pid(), TCP_ESTABLISHED, all_howto_options);
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

// The supervisor stops printing when the program has ended.
TEST(Supervise, PrintsTheLineOfASocketOfAProgramThatEndsAtOnce) {
  for (int time = 0; time < 30; ++time) {
    const Outcome outcome = run({run_with_howto_values({"--verbose"}, {programs + "/check-static"}), {}});
    ASSERT_THAT(outcome.err, testing::HasSubstr(": socket: descriptor 3: SO_KEEPALIVE 1")) << time;
  }
}

TEST(Supervise, LeavesDynamicProgramsToTheLibraryUnlessAsked) {
  const Outcome chosen = run({run_with_howto_values({"--verbose"}, {check}), {}});
  EXPECT_THAT(chosen.err, testing::StartsWith("keepalive run: using the preload library ('" + std::string(check) +
                                              "' is dynamically linked)\n"));
  const Outcome asked = run({run_with_howto_values({"--verbose", "--supervise"}, {check}), {}});
  EXPECT_THAT(asked.err, testing::StartsWith("keepalive run: using a supervisor\n"));
}

}  // namespace
