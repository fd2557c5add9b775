/// @file
/// Sockets that a program is started with: a connection as standard input (inetd), connections and listeners from
/// descriptor 3 on (systemd).
#include <gmock/gmock.h>

#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;

// start KIND NUMBER PID COUNT LIBRARY: becomes a program that prints the options of descriptor NUMBER, a listener or an
// accepted connection, with keepalive on if KIND ends in -on. PID: own, other.
constexpr char start[] = R"(
import os, socket, sys
kind, number, pid, count, library = sys.argv[1:]
listener = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(listener.getsockname())
sock = listener if kind.startswith('listener') else listener.accept()[0]
if kind.endswith('-on'):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 33)
number = int(number)
copy = os.dup2(sock.fileno(), 40)
os.closerange(3, 40)
os.dup2(copy, number)
environment = dict(os.environ, LD_PRELOAD=library)
if count != '-':
    environment['LISTEN_FDS'] = count
    environment['LISTEN_PID'] = str(os.getpid() if pid == 'own' else os.getppid())
print_options = '''
import socket, sys
s = socket.socket(fileno=int(sys.argv[1]))
print(s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
      *(s.getsockopt(socket.IPPROTO_TCP, option) for option in (6, 4, 5)))
'''
os.execve(sys.executable, [sys.executable, '-c', print_options, str(number)], environment)
)";

// Prefix of a command: the system's values are those of the HOWTO.
const std::vector<std::string> with_howto_as_system_values{
    "unshare",
    "-n",
    "sh",
    "-c",
    "ip link set lo up && cd /proc/sys/net/ipv4 && echo 180 >tcp_keepalive_time && echo 60 >tcp_keepalive_intvl && "
    "echo 20 >tcp_keepalive_probes && exec \"$@\"",
    "sh"};

Outcome outcome_of(const std::string& kind, int number, const std::string& pid, const std::string& count,
                   const Environment& environment, std::vector<std::string> command = {}) {
  command.insert(command.end(), {"python3", "-c", start, kind, std::to_string(number), pid, count, library});
  return run({command, environment});
}

std::string options_of(const std::string& kind, int number, const std::string& pid, const std::string& count,
                       const Environment& environment = howto_values) {
  const Outcome outcome = outcome_of(kind, number, pid, count, environment);
  EXPECT_EQ(outcome.err, "");
  return outcome.out;
}

constexpr char ours[] = "1 20 180 60\n";
constexpr char untouched[] = "0 9 7200 75\n";

class Inherited : public testing::Test {
 protected:
  void SetUp() override { REQUIRE_PROGRAM("python3"); }
};

TEST_F(Inherited, StandardInput) {
  EXPECT_EQ(options_of("connection", 0, "own", "-"), ours);
  EXPECT_EQ(options_of("connection", 0, "own", "-", with(howto_values, {{"KEEPALIVE", "off"}})), untouched);
}

TEST_F(Inherited, DescriptorsThatSystemdPasses) {
  EXPECT_EQ(options_of("connection", 3, "own", "1"), ours);
  EXPECT_EQ(options_of("listener", 3, "own", "1"), ours);
  EXPECT_EQ(options_of("connection", 3, "own", "1", with(howto_values, {{"KEEPALIVE", "force"}})), ours);
  EXPECT_EQ(options_of("connection", 3, "own", "1", with(howto_values, {{"KEEPALIVE", "off"}})), untouched);
}

TEST_F(Inherited, NotThoseOfAnotherProcess) {
  EXPECT_EQ(options_of("connection", 3, "other", "1"), untouched);
  EXPECT_EQ(options_of("connection", 3, "own", "-"), untouched);
}

TEST_F(Inherited, NotMoreThanThereAre) {
  EXPECT_EQ(options_of("connection", 3, "own", "2147483647"), ours);
  for (const char* count : {"0", "-1", "x", "99999999999", ""}) {
    EXPECT_EQ(options_of("connection", 3, "own", count), untouched) << count;
  }
  EXPECT_EQ(options_of("connection", 4, "own", "1"), untouched);
}

TEST_F(Inherited, TheSystemsValuesAreNotTakenForThoseOfASocketWithKeepalive) {
  EXPECT_EQ(options_of("connection", 0, "own", "-", {{"KEEPIDLE", "7200"}}), "1 9 7200 75\n");
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("ip");
  EXPECT_EQ(outcome_of("connection", 0, "own", "-", howto_values, with_howto_as_system_values).out, ours);
  EXPECT_EQ(outcome_of("listener", 3, "own", "1", howto_values, with_howto_as_system_values).out, ours);
}

TEST_F(Inherited, ValuesThatAreSetStand) {
  EXPECT_EQ(options_of("connection-on", 0, "own", "-"), "1 20 33 60\n");
  EXPECT_EQ(options_of("listener-on", 3, "own", "1"), "1 20 33 60\n");
  EXPECT_EQ(options_of("connection-on", 3, "own", "1", with(howto_values, {{"KEEPALIVE", "force"}})), ours);
}

TEST_F(Inherited, DebugLinesNameThemAsTheSupervisorDoes) {
  EXPECT_THAT(outcome_of("connection", 3, "own", "1", {{"KEEPALIVE_DEBUG", "1"}}).err,
              testing::HasSubstr("]: inherited: descriptor 3: SO_KEEPALIVE 1\n"));
}

}  // namespace
