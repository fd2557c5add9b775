/// @file
/// Programs in a cgroup that has keepalive attached, their sockets read from outside: the programs do nothing for it.
#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include <filesystem>

#include "attached_cgroup.h"
#include "support/eventually.h"
#include "support/expected_options.h"
#include "support/loopback.h"
#include "support/other_user.h"
#include "support/preload.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::Matches;
using testing::MatchesRegex;

/// `{port}` stands for the port of the test's listener.
struct Client {
  const char* name;
  std::vector<std::string> command;
  std::string on = all_howto_options;
  std::string force = all_howto_options;
};

/// Waits for one connection at a port that the kernel chooses.
struct Server {
  const char* name;
  std::vector<std::string> command;
  std::string on = all_howto_options;
  std::string force = all_howto_options;
};

void PrintTo(const Client& client, std::ostream* out) { *out << client.name; }
void PrintTo(const Server& server, std::ostream* out) { *out << server.name; }

std::string program(const char* name) { return programs + "/" + name; }

std::vector<std::string> python(const std::string& script) {
  return {"python3", "-c", "import socket, sys\n" + script + "\nsys.stdin.read()\n", "{port}"};
}

std::vector<std::string> python_server(const std::string& script) {
  return {"python3", "-c", "import socket, sys\n" + script + "\nconnection = server.accept()\nsys.stdin.read()\n"};
}

const std::string dynamic = program("beyond");
const std::string statically = program("beyond-static");

// Go sets its own values (15 s) after connect(2) and accept(2); newer versions set the count too.
const std::string of_go = "SO_KEEPALIVE=1 TCP_KEEPCNT=(9|20) TCP_KEEPIDLE=15 TCP_KEEPINTVL=15 TCP_USER_TIMEOUT=0";
const std::string turned_off = options_text({.keepalive = 0, .count = 20, .idle = 180, .interval = 60});

const std::vector<Client> clients{
    {"Static", {statically, "client", "{port}"}},
    {"StaticMusl", {program("beyond-musl"), "client", "{port}"}},
    {"StaticBusybox", {"/bin/busybox", "nc", "127.0.0.1", "{port}"}},
    {"Dynamic", {dynamic, "client", "{port}"}},
    {"SystemCallsByNumber", {dynamic, "by-number", "{port}"}},
    {"SocketFromIoUring", {dynamic, "by-io-uring", "{port}"}},
    {"Thread", {statically, "in-thread", "{port}"}},
    {"Fork", {statically, "in-child", "{port}"}},
    {"Exec", {statically, "after-exec", "{port}"}},
    {"Untraceable", {statically, "untraceable", "{port}"}},
    {"EmptyEnvironment", {"env", "-i", dynamic, "client", "{port}"}},
    {"Sudo", {"sudo", "-n", "-u", "nobody", "/bin/busybox", "nc", "127.0.0.1", "{port}"}},
    {"Of32Bits", {program("socketcall"), "{port}"}},
    // The kernel does not run setsockopt programs for 32-bit programs on a 64-bit machine.
    {"Of32BitsThatTurnsItOff", {program("socketcall"), "{port}", "off"}, turned_off, turned_off},
    {"ThatTurnsItOff", {statically, "without-keepalive", "{port}"}, turned_off},
    {"WithItsOwnValues",
     {statically, "with-own-values", "{port}"},
     options_text({.keepalive = 1, .count = 20, .idle = 33, .interval = 33})},
    {"Go", {program("go-client-cgo0"), "{port}"}, of_go},
    {"GoThatLeavesItToOthers", {program("go-client-cgo0"), "{port}", "plain"}},
    {"FastOpen", python("s = socket.socket(); s.sendto(b'x', socket.MSG_FASTOPEN, ('127.0.0.1', int(sys.argv[1])))")},
    {"MappedAddress", python("s = socket.socket(socket.AF_INET6); s.connect(('::ffff:127.0.0.1', int(sys.argv[1])))")},
    {"KeepaliveWithTheSystemsTimers",
     python("s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)\n"
            "s.connect(('127.0.0.1', int(sys.argv[1])))")},
};

const std::vector<Server> servers{
    {"Static", {statically, "server"}},
    {"StaticMusl", {program("beyond-musl"), "server"}},
    {"Of32Bits", {program("socketcall")}},
    {"Go", {program("go-server-cgo0")}, of_go},
    {"GoThatLeavesItToOthers", {program("go-server-cgo0"), "plain"}},
    {"BothFamilies", python_server("server = socket.create_server(('', 0), family=socket.AF_INET6, "
                                   "dualstack_ipv6=True)")},
    {"WithValuesOnItsListener",
     python_server("server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)\n"
                   "server.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 77); server.listen()"),
     options_text({.keepalive = 1, .count = 20, .idle = 77, .interval = 60})},
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
  eventually(
      [&] {
        const auto socket = wait_for_tcp_socket(group, state);
        options = socket ? options_text(*socket) : "no socket";
        return !socket || Matches(MatchesRegex(pattern))(options);
      },
      std::chrono::seconds(5));
  EXPECT_THAT(options, MatchesRegex(pattern));
}

void expect_options_of_client(const Client& client, const std::vector<std::string>& options,
                              const std::string& pattern) {
  REQUIRE_PROGRAM(client.command[0]);
  const AttachedCgroup cgroup(options);
  const Listener listener;
  const Process process({cgroup.inside(with_port(client.command, listener.port())), {}});
  const Descriptor connection = listener.accept();
  ASSERT_GE(connection.get(), 0);
  expect_options_of_socket(process.pid(), TCP_ESTABLISHED, pattern);
}

void expect_options_of_server(const Server& server, const std::vector<std::string>& options,
                              const std::string& pattern) {
  REQUIRE_PROGRAM(server.command[0]);
  const AttachedCgroup cgroup(options);
  const Process process({cgroup.inside(server.command), {}});
  const auto listening = wait_for_tcp_socket(process.pid(), TCP_LISTEN);
  ASSERT_TRUE(listening);
  const Descriptor connection = connect_to(listening->local_port);
  ASSERT_GE(connection.get(), 0);
  expect_options_of_socket(process.pid(), TCP_ESTABLISHED, pattern);
}

class AttachClient : public testing::TestWithParam<Client> {
  void SetUp() override { REQUIRE_CGROUP_BPF(); }
};

INSTANTIATE_TEST_SUITE_P(Reaches, AttachClient, testing::ValuesIn(clients),
                         [](const auto& row) { return row.param.name; });

TEST_P(AttachClient, HasTheValuesAskedForOrItsOwn) { expect_options_of_client(GetParam(), {}, GetParam().on); }

TEST_P(AttachClient, HasTheValuesAskedForWhenForced) {
  expect_options_of_client(GetParam(), {"--force"}, GetParam().force);
}

class AttachServer : public testing::TestWithParam<Server> {
  void SetUp() override { REQUIRE_CGROUP_BPF(); }
};

INSTANTIATE_TEST_SUITE_P(Reaches, AttachServer, testing::ValuesIn(servers),
                         [](const auto& row) { return row.param.name; });

TEST_P(AttachServer, HasTheValuesAskedForOrItsOwn) { expect_options_of_server(GetParam(), {}, GetParam().on); }

TEST_P(AttachServer, HasTheValuesAskedForWhenForced) {
  expect_options_of_server(GetParam(), {"--force"}, GetParam().force);
}

class AttachReach : public testing::Test {
  void SetUp() override { REQUIRE_CGROUP_BPF(); }
};

TEST_F(AttachReach, SetuidPrograms) {
  REQUIRE_PROGRAM("setpriv");
  const TemporaryFolder folder;
  std::filesystem::copy_file(statically, folder / "setuid");
  std::filesystem::permissions(folder / "setuid", std::filesystem::perms(04755));
  expect_options_of_client({"Setuid", command_as_nobody({folder / "setuid", "client", "{port}"})}, {},
                           all_howto_options);
}

// The process has connected to nothing when it is moved; its first socket was made outside.
TEST_F(AttachReach, SocketsMadeAfterAProcessHasMovedIn) {
  REQUIRE_PROGRAM("python3");
  const AttachedCgroup cgroup;
  const Listener listener;
  Process client({with_port({"python3", "-c",
                             "import socket, sys\n"
                             "address = ('127.0.0.1', int(sys.argv[1]))\n"
                             "before = socket.socket(); print('ready', flush=True); sys.stdin.readline()\n"
                             "before.connect(address)\n"
                             "after = socket.create_connection(address)\n"
                             "print(before.fileno(), after.fileno(), '.', flush=True); sys.stdin.read()\n",
                             "{port}"},
                            listener.port()),
                  {}});
  ASSERT_TRUE(client.wait_for_output("ready"));
  std::ofstream(cgroup.folder() + "/cgroup.procs") << client.pid();
  client.write("\n");
  ASSERT_TRUE(client.wait_for_output("."));
  const std::vector<TcpSocket> sockets = tcp_sockets_of(client.pid());
  ASSERT_EQ(sockets.size(), 2U);
  EXPECT_EQ(options_text(sockets[0]), no_options) << "made in another cgroup";
  EXPECT_EQ(options_text(sockets[1]), all_howto_options);
}

TEST_F(AttachReach, NothingOutsideOfTheCgroup) {
  const AttachedCgroup cgroup({"--force"});
  const Listener listener;
  const TestCgroup other;
  const Process client({other.inside({statically, "client", std::to_string(listener.port())}), {}});
  const Descriptor connection = listener.accept();
  expect_options_of_socket(client.pid(), TCP_ESTABLISHED, no_options);
}

TEST_F(AttachReach, ConnectionsAcceptedByAListenerThatWasThereBefore) {
  const TestCgroup cgroup;
  const Process server({cgroup.inside({statically, "server"}), {}});
  const auto listening = wait_for_tcp_socket(server.pid(), TCP_LISTEN);
  ASSERT_TRUE(listening);
  ASSERT_EQ(attach_howto_values(cgroup.path()), "");
  const Descriptor connection = connect_to(listening->local_port);
  expect_options_of_socket(server.pid(), TCP_ESTABLISHED, all_howto_options);
  EXPECT_EQ(options_text(tcp_sockets_of(server.pid())[0]), no_options) << "the listener itself stays as it is";
}

TEST_F(AttachReach, OtherNetworkNamespaces) {
  REQUIRE_PROGRAM("unshare");
  REQUIRE_PROGRAM("python3");
  const AttachedCgroup cgroup;
  const Process both({cgroup.inside({"unshare", "--net", "sh", "-c", "ip link set lo up && exec python3 -c \"$0\"",
                                     "import socket, sys\n"
                                     "server = socket.create_server(('127.0.0.1', 0))\n"
                                     "client = socket.create_connection(server.getsockname())\n"
                                     "sys.stdin.read()\n"}),
                      {}});
  expect_options_of_socket(both.pid(), TCP_ESTABLISHED, all_howto_options);
}

// getsockopt(2) on an MPTCP socket says off; its subflows, which send the probes, have keepalive.
TEST_F(AttachReach, SubflowsOfMptcp) {
  REQUIRE_PROGRAM("ss");
  REQUIRE_PROGRAM("python3");
  const AttachedCgroup cgroup;
  Process both({cgroup.inside({"python3", "-c",
                               "import socket, sys\n"
                               "def mptcp(): return socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)\n"
                               "try: server = mptcp()\n"
                               "except OSError: print('none', flush=True); sys.exit()\n"
                               "server.bind(('127.0.0.1', 0)); server.listen()\n"
                               "client = mptcp(); client.connect(server.getsockname()); accepted = server.accept()\n"
                               "print(server.getsockname()[1], '.', flush=True); sys.stdin.read()\n"}),
                {}});
  ASSERT_TRUE(both.wait_for_output("\n"));
  REQUIRE_OR_SKIP(both.output() != "none\n", "this needs MPTCP (net.mptcp.enabled)");
  const std::string port = both.output().substr(0, both.output().find(' '));
  const std::string shown =
      run({{"ss", "-tnoH", "state", "established", "( sport = :" + port + " or dport = :" + port + " )"}, {}}).out;
  EXPECT_THAT(shown, MatchesRegex(
                         "[^\n]*timer:\\(keepalive,(3min|2min5)[^\n]*\n[^\n]*timer:\\(keepalive,(3min|2min5)[^\n]*\n"));
}

}  // namespace
