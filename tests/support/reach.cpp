#include "support/reach.h"

#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include <chrono>
#include <ostream>

#include "support/eventually.h"
#include "support/loopback.h"
#include "support/requirements.h"

namespace support {
namespace {

std::string program(const char* name) { return programs + "/" + name; }

std::vector<ReachedProgram> both(std::vector<ReachedProgram> all, const std::vector<ReachedProgram>& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

void PrintTo(const ReachedProgram& program, std::ostream* out) { *out << program.name; }

std::vector<ReachedProgram> clients_and(const std::vector<ReachedProgram>& more) {
  return both(
      {
          {"Static", {static_program, "client", "{port}"}},
          {"StaticMusl", {program("beyond-musl"), "client", "{port}"}},
          {"StaticBusybox", {"/bin/busybox", "nc", "127.0.0.1", "{port}"}},
          {"Dynamic", {dynamic_program, "client", "{port}"}},
          {"SystemCallsByNumber", {dynamic_program, "by-number", "{port}"}},
          {"FastOpen", {static_program, "fast-open", "{port}"}},
          {"Ipv6", {static_program, "over-ipv6", "{port}"}},
          {"Thread", {static_program, "in-thread", "{port}"}},
          {"Fork", {static_program, "in-child", "{port}"}},
          {"Exec", {static_program, "after-exec", "{port}"}},
          {"Of32Bits", {program("socketcall"), "{port}"}},
          {"ThatTurnsItOff",
           {static_program, "without-keepalive", "{port}"},
           options_text({.keepalive = 0, .count = 20, .idle = 180, .interval = 60})},
          {"WithItsOwnValues",
           {static_program, "with-own-values", "{port}"},
           options_text({.keepalive = 1, .count = 20, .idle = 33, .interval = 33})},
          {"ThatTurnsItOnOnly", {static_program, "only-on", "{port}"}},
          {"Go", {program("go-client-cgo0"), "{port}"}, go_options},
          {"GoThatLeavesItToOthers", {program("go-client-cgo0"), "{port}", "plain"}},
      },
      more);
}

std::vector<ReachedProgram> servers_and(const std::vector<ReachedProgram>& more) {
  return both(
      {
          {"Static", {static_program, "server"}},
          {"StaticMusl", {program("beyond-musl"), "server"}},
          {"Of32Bits", {program("socketcall")}},
          {"Go", {program("go-server-cgo0")}, go_options},
          {"GoThatLeavesItToOthers", {program("go-server-cgo0"), "plain"}},
      },
      more);
}

std::vector<std::string> with_port(std::vector<std::string> command, int port) {
  const std::string mark = "{port}";
  for (std::string& argument : command) {
    const std::size_t place = argument.find(mark);
    if (place != std::string::npos) argument.replace(place, mark.size(), std::to_string(port));
  }
  return command;
}

void expect_options_of_socket(pid_t group, int state, const std::string& pattern) {
  std::string options;
  eventually(
      [&] {
        const auto socket = wait_for_tcp_socket(group, state);
        options = socket ? options_text(*socket) : "no socket";
        return !socket || testing::Matches(testing::MatchesRegex(pattern))(options);
      },
      std::chrono::seconds(5));
  EXPECT_THAT(options, testing::MatchesRegex(pattern));
}

void expect_options_of_client(const ReachedProgram& client, const Wrapper& wrap, const std::string& pattern) {
  REQUIRE_PROGRAM(client.command[0]);
  const Listener listener;
  const Process process({wrap(with_port(client.command, listener.port())), {}});
  const Descriptor connection = listener.accept();
  ASSERT_GE(connection.get(), 0);
  expect_options_of_socket(process.pid(), TCP_ESTABLISHED, pattern);
}

void expect_options_of_server(const ReachedProgram& server, const Wrapper& wrap, const std::string& pattern) {
  REQUIRE_PROGRAM(server.command[0]);
  const Process process({wrap(server.command), {}});
  const auto listening = wait_for_tcp_socket(process.pid(), TCP_LISTEN);
  ASSERT_TRUE(listening);
  const Descriptor connection = connect_to(listening->local_port);
  ASSERT_GE(connection.get(), 0);
  expect_options_of_socket(process.pid(), TCP_ESTABLISHED, pattern);
}

}  // namespace support
