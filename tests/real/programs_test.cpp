/// @file
/// Programs from Debian (rows.h) as clients and servers. The options of their connections are read from outside. If all
/// tests run in one process, real-programs-test prints a table of all programs at the end.
#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>

#include "attach/attached_cgroup.h"
#include "rows.h"
#include "support/eventually.h"
#include "support/loopback.h"
#include "support/open_sockets.h"
#include "support/preload.h"
#include "support/requirements.h"
#include "support/supervised.h"

namespace {

using namespace real;
using namespace support;

std::string name_of(const Row& row) {
  return std::string(row.name) + (row.role == Role::client ? "AsClient" : "AsServer");
}

/// `off`, `on`, or the values: count, idle, interval.
std::string in_short(const std::string& options) {
  if (options.find("SO_KEEPALIVE=0") == 0) return "off";
  if (options == keepalive_only) return "on";
  static const std::regex values(R"(.*KEEPCNT=(\S+) TCP_KEEPIDLE=(\S+) TCP_KEEPINTVL=(\S+) .*)");
  return std::regex_replace(options, values, "$1/$2/$3");
}

/// The options that were seen; prints them at the end.
class Matrix : public testing::Environment {
 public:
  void note(const std::string& row, const std::string& column, const std::string& options) {
    seen_[row][column] = in_short(options);
  }

  void TearDown() override {
    if (seen_.size() < 2) return;
    const std::vector<std::string> titles{"bare", "on", "force", "run", "run --force", "attach", "attach --force"};
    std::printf("\n%-46s", "count/idle/interval of the connection of");
    for (const std::string& title : titles) std::printf(" %-14s", title.c_str());
    for (const Row& row : rows) {
      std::printf("\n%-46s", name_of(row).c_str());
      for (const std::string& title : titles) std::printf(" %-14s", seen_[name_of(row)][title].c_str());
    }
    std::printf("\n");
  }

 private:
  std::map<std::string, std::map<std::string, std::string>> seen_;
};

Matrix* const matrix = static_cast<Matrix*>(testing::AddGlobalTestEnvironment(new Matrix));

/// How a program gets keepalive.
struct Way {
  Environment environment;
  std::vector<std::string> prefix = {};
  const TestCgroup* cgroup = nullptr;  ///< where the whole command runs
};

Way through_run(const Row& row, std::vector<std::string> options) {
  if (row.run) options.insert(options.end(), row.run->options.begin(), row.run->options.end());
  return {{}, run_with_howto_values(options, {})};
}

class ProgramTest : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    REQUIRE_PROGRAM(GetParam().command.at(0));
    REQUIRE_PROGRAM("ss");
  }

  /// Connects the program with the test and compares the options of its end, and whether the kernel's timer runs.
  void expect_options(const std::string& column, const Way& way, const std::string& pattern) {
    const std::string options =
        GetParam().role == Role::client ? options_of_client(way, pattern) : options_of_server(way, pattern);
    matrix->note(name_of(GetParam()), column, options);
    EXPECT_THAT(options, testing::MatchesRegex(pattern));
  }

 private:
  static Command command_with(int port, const Way& way) {
    Command command{{}, way.environment};
    const std::vector<std::string>& words = GetParam().command;
    const bool has_place = std::find(words.begin(), words.end(), "{env}") != words.end();
    if (!has_place) command.arguments = way.prefix;
    for (std::string argument : words) {
      if (argument == "{env}") {
        if (way.prefix.empty()) command.arguments.emplace_back("env");
        for (const auto& [name, value] : way.environment) command.arguments.push_back(name + "=" + value);
        command.arguments.insert(command.arguments.end(), way.prefix.begin(), way.prefix.end());
        command.environment.clear();
        continue;
      }
      const std::size_t place = argument.find("{port}");
      if (place != std::string::npos) argument.replace(place, 6, std::to_string(port));
      command.arguments.push_back(argument);
    }
    if (way.cgroup != nullptr) command.arguments = way.cgroup->inside(command.arguments);
    return command;
  }

  static std::string options_of_client(const Way& way, const std::string& pattern) {
    const Listener listener;
    const Process client(command_with(listener.port(), way));
    const Descriptor connection = listener.accept();
    if (connection.get() < 0) return "no connection came";
    return options_of_connection(client.pid(), "dport = :" + std::to_string(listener.port()), pattern);
  }

  static std::string options_of_server(const Way& way, const std::string& pattern) {
    const Process server(command_with(free_port(), way));
    const auto listening = wait_for_tcp_socket(server.pid(), TCP_LISTEN);
    if (!listening) return "no listener came";
    const Descriptor connection = connect_to(listening->local_port);
    if (connection.get() < 0) return "no connection was accepted";
    return options_of_connection(server.pid(), "sport = :" + std::to_string(listening->local_port), pattern);
  }

  // Some programs set options some time after they have connected, so this waits for the expected ones.
  static std::string options_of_connection(pid_t group, const std::string& filter, const std::string& pattern) {
    std::optional<TcpSocket> connection;
    const auto is_as_expected = [&] {
      return testing::Matches(testing::MatchesRegex(pattern))(options_text(*connection));
    };
    eventually(
        [&] {
          connection = wait_for_tcp_socket(group, TCP_ESTABLISHED);
          return !connection || is_as_expected();
        },
        std::chrono::seconds(3));
    if (!connection) return "no connection stayed";
    if (is_as_expected()) {
      const std::string shown = run({{"ss", "-tnoH", "state", "established", filter}, {}}).out;
      EXPECT_EQ(shown.find("timer:(keepalive,") != std::string::npos, connection->keepalive == 1) << shown;
    }
    return options_text(*connection);
  }
};

INSTANTIATE_TEST_SUITE_P(Real, ProgramTest, testing::ValuesIn(rows),
                         [](const auto& row) { return name_of(row.param); });

TEST_P(ProgramTest, WithoutTheLibraryDoesWhatItDoes) { expect_options("bare", {}, GetParam().bare); }

TEST_P(ProgramTest, HasTheValuesAskedForOrItsOwn) { expect_options("on", {preloaded(howto_values)}, GetParam().on); }

TEST_P(ProgramTest, HasTheValuesAskedForWhenForced) {
  expect_options("force", {preloaded(with(howto_values, {{"KEEPALIVE", "force"}}))}, GetParam().force);
}

TEST_P(ProgramTest, HasTheValuesAskedForOrItsOwnThroughTheCommand) {
  const std::optional<Row::Run>& run = GetParam().run;
  expect_options("run", through_run(GetParam(), {}), run ? run->on : GetParam().on);
}

TEST_P(ProgramTest, HasTheValuesAskedForWhenForcedThroughTheCommand) {
  const std::optional<Row::Run>& run = GetParam().run;
  expect_options("run --force", through_run(GetParam(), {"--force"}), run ? run->force : GetParam().force);
}

// Nothing is in front of the program.
TEST_P(ProgramTest, HasTheValuesAskedForOrItsOwnInAnAttachedCgroup) {
  REQUIRE_CGROUP_BPF();
  const AttachedCgroup cgroup;
  const std::optional<std::string>& attached = GetParam().attached;
  expect_options("attach", {{}, {}, &cgroup}, attached ? *attached : GetParam().on);
}

TEST_P(ProgramTest, HasTheValuesAskedForWhenForcedInAnAttachedCgroup) {
  REQUIRE_CGROUP_BPF();
  const AttachedCgroup cgroup({"--force"});
  expect_options("attach --force", {{}, {}, &cgroup}, all_howto_options);
}

// Four calls for each socket, in the documented order.
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
  // The accepted socket has the options of the listener and needs no calls.
  EXPECT_EQ(calls.find("TCP_KEEP", first + group.size()), std::string::npos) << calls;
}

}  // namespace
