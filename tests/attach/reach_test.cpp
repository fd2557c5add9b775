/// @file
/// Programs in a cgroup that has keepalive attached, their sockets read from outside: the programs do nothing for it.
#include "support/reach.h"

#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "attached_cgroup.h"
#include "support/loopback.h"
#include "support/other_user.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::MatchesRegex;

std::vector<std::string> python(const std::string& script) {
  return {"python3", "-c", "import socket, sys\n" + script + "\nsys.stdin.read()\n", "{port}"};
}

std::vector<std::string> python_server(const std::string& script) {
  return {"python3", "-c", "import socket, sys\n" + script + "\nconnection = server.accept()\nsys.stdin.read()\n"};
}

const std::string turned_off = options_text({.keepalive = 0, .count = 20, .idle = 180, .interval = 60});

const std::vector<ReachedProgram> clients = clients_and({
    {"SocketFromIoUring", {dynamic_program, "by-io-uring", "{port}"}},
    {"Untraceable", {static_program, "untraceable", "{port}"}},
    {"EmptyEnvironment", {"env", "-i", dynamic_program, "client", "{port}"}},
    {"Sudo", {"sudo", "-n", "-u", "nobody", "/bin/busybox", "nc", "127.0.0.1", "{port}"}},
    // The kernel does not run setsockopt programs for 32-bit programs on a 64-bit machine.
    {"Of32BitsThatTurnsItOff", {programs + "/socketcall", "{port}", "off"}, turned_off, turned_off},
    {"MappedAddress", python("s = socket.socket(socket.AF_INET6); s.connect(('::ffff:127.0.0.1', int(sys.argv[1])))")},
    {"KeepaliveWithTheSystemsTimers",
     python("s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)\n"
            "s.connect(('127.0.0.1', int(sys.argv[1])))")},
});

const std::vector<ReachedProgram> servers = servers_and({
    {"BothFamilies", python_server("server = socket.create_server(('', 0), family=socket.AF_INET6, "
                                   "dualstack_ipv6=True)")},
    {"WithValuesOnItsListener",
     python_server("server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)\n"
                   "server.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 77); server.listen()"),
     options_text({.keepalive = 1, .count = 20, .idle = 77, .interval = 60})},
});

Wrapper in(const TestCgroup& cgroup) {
  return [&cgroup](const std::vector<std::string>& command) { return cgroup.inside(command); };
}

class AttachClient : public testing::TestWithParam<ReachedProgram> {
  void SetUp() override { REQUIRE_CGROUP_BPF(); }
};

INSTANTIATE_TEST_SUITE_P(Reaches, AttachClient, testing::ValuesIn(clients),
                         [](const auto& row) { return row.param.name; });

TEST_P(AttachClient, HasTheValuesAskedForOrItsOwn) {
  const AttachedCgroup cgroup;
  expect_options_of_client(GetParam(), in(cgroup), GetParam().on);
}

TEST_P(AttachClient, HasTheValuesAskedForWhenForced) {
  const AttachedCgroup cgroup({"--force"});
  expect_options_of_client(GetParam(), in(cgroup), GetParam().force);
}

class AttachServer : public testing::TestWithParam<ReachedProgram> {
  void SetUp() override { REQUIRE_CGROUP_BPF(); }
};

INSTANTIATE_TEST_SUITE_P(Reaches, AttachServer, testing::ValuesIn(servers),
                         [](const auto& row) { return row.param.name; });

TEST_P(AttachServer, HasTheValuesAskedForOrItsOwn) {
  const AttachedCgroup cgroup;
  expect_options_of_server(GetParam(), in(cgroup), GetParam().on);
}

TEST_P(AttachServer, HasTheValuesAskedForWhenForced) {
  const AttachedCgroup cgroup({"--force"});
  expect_options_of_server(GetParam(), in(cgroup), GetParam().force);
}

class AttachReach : public testing::Test {
  void SetUp() override { REQUIRE_CGROUP_BPF(); }
};

TEST_F(AttachReach, SetuidPrograms) {
  REQUIRE_PROGRAM("setpriv");
  const TemporaryFolder folder;
  std::filesystem::copy_file(static_program, folder / "setuid");
  std::filesystem::permissions(folder / "setuid", std::filesystem::perms(04755));
  const AttachedCgroup cgroup;
  expect_options_of_client({"Setuid", command_as_nobody({folder / "setuid", "client", "{port}"})}, in(cgroup),
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
  const Process client({other.inside({static_program, "client", std::to_string(listener.port())}), {}});
  const Descriptor connection = listener.accept();
  expect_options_of_socket(client.pid(), TCP_ESTABLISHED, no_options);
}

TEST_F(AttachReach, ConnectionsAcceptedByAListenerThatWasThereBefore) {
  const TestCgroup cgroup;
  const Process server({cgroup.inside({static_program, "server"}), {}});
  const auto listening = wait_for_tcp_socket(server.pid(), TCP_LISTEN);
  ASSERT_TRUE(listening);
  ASSERT_EQ(attach_howto_values(cgroup.path()), "");
  const Descriptor connection = connect_to(listening->local_port);
  expect_options_of_socket(server.pid(), TCP_ESTABLISHED, all_howto_options);
  EXPECT_EQ(options_text(tcp_sockets_of(server.pid())[0]), no_options) << "the listener itself stays as it is";
}

// It belongs to the cgroup in which it was made, also if its process has moved: a socket-activated service has such
// one.
TEST_F(AttachReach, AListenerOfAnotherCgroupIsNamed) {
  const auto attach = [](std::vector<std::string> targets) {
    targets.insert(targets.begin(), {"attach", "--idle", "180", "--interval", "60", "--count", "20", "--count-open"});
    return run_keepalive(targets).err;
  };
  auto origin = std::make_unique<TestCgroup>();
  const TestCgroup cgroup;
  const Process server({origin->inside({static_program, "server"}), {}});
  const auto listening = wait_for_tcp_socket(server.pid(), TCP_LISTEN);
  ASSERT_TRUE(listening);
  std::ofstream(cgroup.folder() + "/cgroup.procs") << server.pid();
  const std::string line = "keepalive attach: process " + std::to_string(server.pid()) +
                           " (beyond-static), descriptor " + std::to_string(listening->fd) +
                           ": what is accepted there is not covered, because the listener was made in ";
  EXPECT_EQ(attach({cgroup.path()}), line + "the cgroup " + origin->path() + ": attach to that too\n");
  EXPECT_EQ(attach({cgroup.path(), origin->path()}), "");
  const std::string path = origin->path();
  ASSERT_EQ(run_keepalive({"detach", path}).status, 0);
  origin.reset();
  EXPECT_EQ(attach({cgroup.path()}), line + "the root cgroup, or in one that is gone: use keepalive set for it\n");
  const Descriptor connection = connect_to(listening->local_port);
  expect_options_of_socket(server.pid(), TCP_ESTABLISHED, no_options);
  ASSERT_EQ(run_keepalive({"set", "--cgroup", cgroup.path()}).status, 0);
  EXPECT_EQ(attach({cgroup.path()}), "");
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
