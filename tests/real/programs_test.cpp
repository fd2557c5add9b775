/// @file
/// Programs that nobody here wrote, as client and as server, with the options of their connections read from outside.
/// To add one, add a row.
#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include "support/loopback.h"
#include "support/open_sockets.h"
#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;

/// What a connection has with the values of the HOWTO's session.
constexpr char asked_for[] = "SO_KEEPALIVE=1 TCP_KEEPCNT=20 TCP_KEEPIDLE=180 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=0";
constexpr char without[] = "SO_KEEPALIVE=0 TCP_KEEPCNT=9 TCP_KEEPIDLE=7200 TCP_KEEPINTVL=75 TCP_USER_TIMEOUT=0";

enum class Role { client, server };

struct Row {
  const char* name;
  Role role;
  std::vector<std::string> command;  ///< `{port}`: the test's port for a client, a free one for a server
  std::string bare = without;        ///< what the program does by itself
  std::string on = asked_for;        ///< under KEEPALIVE=on; under force it is always what the user asked for
};

// For the messages of GoogleTest.
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

std::string script(const char* name) { return std::string(KEEPALIVE_SCRIPTS "/") + name; }

const Row rows[]{
    {"Nc", Role::client, {"nc", "127.0.0.1", "{port}"}},
    {"Nc", Role::server, {"nc", "-l", "127.0.0.1", "{port}"}},
    {"CurlNoKeepalive", Role::client, {"curl", "--silent", "--no-keepalive", "http://127.0.0.1:{port}/"}},
    {"CurlWithItsOwnValues",
     Role::client,
     {"curl", "--silent", "http://127.0.0.1:{port}/"},
     "SO_KEEPALIVE=1 TCP_KEEPCNT=9 TCP_KEEPIDLE=60 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=0",
     "SO_KEEPALIVE=1 TCP_KEEPCNT=(20|9) TCP_KEEPIDLE=60 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=0"},  // 9: since 8.9
    {"Python", Role::client, {"/usr/bin/python3", script("client.py"), "{port}"}},
    {"PythonHttpServer", Role::server, {"/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "0"}},
    {"Perl", Role::client, {"perl", script("client.pl"), "{port}"}},
    {"Node", Role::client, {"node", script("client.js"), "{port}"}},
    {"Node", Role::server, {"node", script("server.js")}},
    {"Java", Role::client, {"java", script("Client.java"), "{port}"}},
    {"Java", Role::server, {"java", script("Server.java")}},
    {"SshWithoutTcpKeepAlive",
     Role::client,
     {"ssh", "-F", "none", "-o", "TCPKeepAlive=no", "-p", "{port}", "127.0.0.1"},
     without,
     // ssh turns keepalive off only by not turning it on.
     asked_for},
};

class ProgramTest : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override { REQUIRE_PROGRAM(GetParam().command.at(0)); }

  static std::vector<std::string> command_with(int port) {
    std::vector<std::string> command = GetParam().command;
    for (std::string& argument : command) {
      const std::size_t place = argument.find("{port}");
      if (place != std::string::npos) argument.replace(place, 6, std::to_string(port));
    }
    return command;
  }

  /// Connects the program with the test and returns the options of its end. Looks at the kernel's timer as well.
  static std::string options_with(const Environment& environment) {
    return GetParam().role == Role::client ? options_of_client(environment) : options_of_server(environment);
  }

 private:
  static std::string options_of_client(const Environment& environment) {
    const Listener listener;
    const Process client({command_with(listener.port()), environment});
    const Descriptor connection = listener.accept();
    if (connection.get() < 0) return "no connection came";
    return options_of_connection(client.pid(), "dport = :" + std::to_string(listener.port()));
  }

  static std::string options_of_server(const Environment& environment) {
    const Process server({command_with(free_port()), environment});
    const auto listening = wait_for_tcp_socket(server.pid(), TCP_LISTEN);
    if (!listening) return "no listener came";
    const Descriptor connection = connect_to(listening->local_port);
    if (connection.get() < 0) return "no connection was accepted";
    return options_of_connection(server.pid(), "sport = :" + std::to_string(listening->local_port));
  }

  static std::string options_of_connection(pid_t group, const std::string& filter) {
    const auto connection = wait_for_tcp_socket(group, TCP_ESTABLISHED);
    if (!connection) return "no connection stayed";
    const std::string shown = run({{"ss", "-tnoH", "state", "established", filter}, {}}).out;
    EXPECT_EQ(shown.find("timer:(keepalive,") != std::string::npos, connection->keepalive == 1) << shown;
    return options_text(*connection);
  }
};

INSTANTIATE_TEST_SUITE_P(Real, ProgramTest, testing::ValuesIn(rows), [](const auto& row) {
  return std::string(row.param.name) + (row.param.role == Role::client ? "AsClient" : "AsServer");
});

TEST_P(ProgramTest, WithoutTheLibraryDoesWhatItDoes) {
  REQUIRE_PROGRAM("ss");
  EXPECT_EQ(options_with({}), GetParam().bare);
}

TEST_P(ProgramTest, HasTheValuesAskedForOrItsOwn) {
  REQUIRE_PROGRAM("ss");
  EXPECT_THAT(options_with(preloaded(howto_values)), testing::MatchesRegex(GetParam().on));
}

TEST_P(ProgramTest, HasTheValuesAskedForWhenForced) {
  REQUIRE_PROGRAM("ss");
  EXPECT_EQ(options_with(preloaded(with(howto_values, {{"KEEPALIVE", "force"}}))), asked_for);
}

// One group of four calls for each of its sockets, in the documented order.
TEST(RealNc, ShowsOneGroupOfCallsForItsListener) {
  REQUIRE_PROGRAM("nc");
  REQUIRE_PROGRAM("strace");
  std::vector<std::string> command{"strace", "-f", "-qq", "-e", "trace=setsockopt", "-e", "signal=none"};
  for (const auto& [name, value] : preloaded(howto_values)) command.insert(command.end(), {"-E", name + "=" + value});
  const std::string port = std::to_string(free_port());
  command.insert(command.end(), {"nc", "-l", "127.0.0.1", port});
  Process tracer({command, {}});
  const auto listening = wait_for_tcp_socket(tracer.pid(), TCP_LISTEN);
  ASSERT_TRUE(listening);
  { const Descriptor connection = connect_to(listening->local_port); }
  const std::string calls = tracer.wait().err;

  const std::string fd = std::to_string(listening->fd);
  const std::string group = "setsockopt(" + fd + ", SOL_SOCKET, SO_KEEPALIVE, [1], 4) = 0\n" + "setsockopt(" + fd +
                            ", SOL_TCP, TCP_KEEPCNT, [20], 4) = 0\n" + "setsockopt(" + fd +
                            ", SOL_TCP, TCP_KEEPIDLE, [180], 4) = 0\n" + "setsockopt(" + fd +
                            ", SOL_TCP, TCP_KEEPINTVL, [60], 4) = 0\n";
  const std::size_t first = calls.find(group);
  ASSERT_NE(first, std::string::npos) << calls;
  // The accepted socket has the listener's options and needs no second group.
  EXPECT_EQ(calls.find("TCP_KEEP", first + group.size()), std::string::npos) << calls;
}

}  // namespace
