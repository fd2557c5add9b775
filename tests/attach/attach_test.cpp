/// @file
/// `keepalive attach`, `detach` and `attached` as users type them.
#include <gmock/gmock.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "attached_cgroup.h"
#include "support/eventually.h"
#include "support/expected_options.h"
#include "support/loopback.h"
#include "support/open_sockets.h"
#include "support/preload.h"

namespace {

using namespace support;
using testing::HasSubstr;
using testing::MatchesRegex;

class AttachCommand : public testing::Test {
  void SetUp() override { REQUIRE_CGROUP_BPF(); }
};

const std::string beyond = programs + "/beyond";

/// As in /proc/PID/stat: `S` while the process waits.
char state_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t name_end = text.rfind(") ");
  return name_end != std::string::npos ? text[name_end + 2] : '?';
}

/// The options of a connection that a program in the cgroup makes now.
std::string options_of_new_connection(const TestCgroup& cgroup, const std::string& child = "",
                                      const std::string& way = "client") {
  const Listener listener;
  const Process client({cgroup.inside({beyond, way, std::to_string(listener.port())}, child), {}});
  const Descriptor connection = listener.accept();
  if (connection.get() < 0) return "no connection came";
  // It waits for input when it has set options of its own.
  eventually([&] { return state_of(client.pid()) == 'S'; });
  const auto socket = wait_for_tcp_socket(client.pid(), TCP_ESTABLISHED);
  return socket ? options_text(*socket) : "no socket";
}

// A service that is started for each connection has it as standard input and output, while it attaches too.
TEST_F(AttachCommand, PrintsNothingToAClient) {
  REQUIRE_PROGRAM("python3");
  const TestCgroup cgroup;
  const auto sent_to_client = [&](const std::vector<std::string>& arguments) {
    const std::string script = R"(
import socket, subprocess, sys
client, connection = socket.socketpair()
status = subprocess.run(sys.argv[1:], stdin=connection, stdout=connection).returncode
connection.close()
print(status, client.recv(1000))
)";
    return run({joined({"python3", "-c", script}, keepalive_command(arguments)), tolerant_sanitizer}).out;
  };
  EXPECT_EQ(sent_to_client({"attach", cgroup.path()}), "0 b''\n");
  EXPECT_THAT(sent_to_client({"attached"}), HasSubstr("CGROUP"));
  EXPECT_EQ(sent_to_client({"detach", cgroup.path()}), "0 b''\n");
}

TEST_F(AttachCommand, PrintsARowForEachCgroup) {
  const TestCgroup cgroup;
  const std::string child = cgroup.make_child("child");
  const Process process({cgroup.inside({"sleep", "1000"}), {}});
  ASSERT_TRUE(eventually([&] { return std::ifstream(cgroup.folder() + "/cgroup.procs").peek() != EOF; }));
  const Outcome outcome = run_keepalive({"attach", "--idle", "2m", "--interval=30", "--user-timeout", "auto",
                                         cgroup.path(), child, cgroup.folder(), "--force"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, MatchesRegex("CGROUP +MODE +COUNT +IDLE +INTERVAL +USER-TIMEOUT +PROCESSES\n.*\n.*\n"));
  EXPECT_EQ(lines_of(cgroup, outcome.out), "PATH force - 120s 30s auto 1\nPATH/child force - 120s 30s auto 0\n");
  EXPECT_EQ(run_keepalive({"detach", child, cgroup.path(), child}).status, 0);
}

TEST_F(AttachCommand, TakesAPathAFolderAPidAndSelf) {
  const TestCgroup cgroup;
  const Process process({cgroup.inside({"sleep", "1000"}), {}});
  ASSERT_TRUE(eventually([&] { return std::ifstream(cgroup.folder() + "/cgroup.procs").peek() != EOF; }));
  for (const std::string& target : {cgroup.path(), cgroup.folder(), cgroup.folder() + "/",
                                    cgroup.folder() + "/../" + cgroup.path(), std::to_string(process.pid())}) {
    EXPECT_EQ(attach_howto_values(target), "") << target;
    EXPECT_EQ(attached_lines(cgroup), "PATH on 20 180s 60s - -\n") << target;
    const Outcome detached = run_keepalive({"detach", target});
    EXPECT_EQ(detached.out, "detached from " + cgroup.path() + "; sockets keep what they have\n");
    EXPECT_EQ(failure_of({detached.status, "", detached.err}), "0: ");
    EXPECT_EQ(attached_lines(cgroup), "");
  }
  const Outcome self = run({cgroup.inside(keepalive_command({"attach", "--count", "3", "self"})), tolerant_sanitizer});
  EXPECT_EQ(lines_of(cgroup, self.out), "PATH on 3 - - - 2\n");
}

TEST_F(AttachCommand, LastsUntilDetached) {
  const AttachedCgroup cgroup;
  EXPECT_EQ(options_of_new_connection(cgroup), all_howto_options);
  EXPECT_EQ(run_keepalive({"detach", cgroup.path()}).status, 0);
  EXPECT_EQ(options_of_new_connection(cgroup), no_options);
}

TEST_F(AttachCommand, AgainReplacesTheSettings) {
  const AttachedCgroup cgroup({"--force"});
  EXPECT_EQ(options_of_new_connection(cgroup, "", "without-keepalive"), all_howto_options);
  EXPECT_EQ(run_keepalive({"attach", "--idle", "99", cgroup.path()}).status, 0);
  EXPECT_EQ(attached_lines(cgroup), "PATH on - 99s - - -\n");
  EXPECT_EQ(options_of_new_connection(cgroup), options_text({.keepalive = 1, .idle = 99}));
  EXPECT_EQ(options_of_new_connection(cgroup, "", "without-keepalive"), options_text({.idle = 99}));
  EXPECT_EQ(attach_howto_values(cgroup.path(), {"--force"}), "");
  EXPECT_EQ(options_of_new_connection(cgroup, "", "without-keepalive"), all_howto_options);
}

TEST_F(AttachCommand, NestedCgroupsHaveTheirOwnFirst) {
  const AttachedCgroup cgroup;
  const std::string child = cgroup.make_child("child");
  EXPECT_EQ(options_of_new_connection(cgroup, "child"), all_howto_options) << "inherited";
  EXPECT_EQ(run_keepalive({"attach", "--idle", "99", child}).status, 0);
  EXPECT_EQ(options_of_new_connection(cgroup, "child"),
            options_text({.keepalive = 1, .count = 20, .idle = 99, .interval = 60}));
  EXPECT_EQ(options_of_new_connection(cgroup), all_howto_options);
  EXPECT_EQ(attached_lines(cgroup), "PATH on 20 180s 60s - -\nPATH/child on - 99s - - PATH\n");

  EXPECT_EQ(attach_howto_values(cgroup.path(), {"--force"}), "");
  EXPECT_EQ(options_of_new_connection(cgroup, "child"), all_howto_options) << "force above wins";
}

TEST_F(AttachCommand, AttachedIsReadByScripts) {
  REQUIRE_PROGRAM("python3");
  const AttachedCgroup cgroup({"--user-timeout", "auto"});
  const std::string child = cgroup.make_child("a\"b\\c\td");
  EXPECT_EQ(run_keepalive({"attach", "--force", child}).status, 0);
  Process python(
      {{"python3", "-c",
        "import json, sys\n"
        "for row in json.load(sys.stdin):\n"
        "    if row['cgroup'].startswith(sys.argv[1]): print(list(row.values())[1:], ascii(row['cgroup']))\n",
        cgroup.path()},
       {}});
  python.write(run_keepalive({"attached", "--json"}).out);
  python.close_input();
  EXPECT_EQ(lines_of(cgroup, python.wait().out),
            "['on', 20, 180, 60, 'auto', []] 'PATH'\n"
            "['force', None, None, None, None, ['PATH']] 'PATH/a\"b\\\\c\\td'\n");
}

TEST_F(AttachCommand, DetachOfNothingSaysWhatHoldsThere) {
  const AttachedCgroup cgroup;
  const std::string child = cgroup.make_child("child");
  EXPECT_EQ(failure_of(run_keepalive({"detach", child})), "1: keepalive detach: nothing is attached to " + child +
                                                              "; the settings of " + cgroup.path() +
                                                              " above it apply to it\n");
  const TestCgroup other;
  EXPECT_EQ(failure_of(run_keepalive({"detach", other.path()})),
            "1: keepalive detach: nothing is attached to " + other.path() + "\n");
}

TEST_F(AttachCommand, CountsWhatIsOpenAlreadyAndNamesTheCommandForIt) {
  const TestCgroup cgroup;
  const Listener listener;
  const Process client({cgroup.inside({beyond, "client", std::to_string(listener.port())}), {}});
  const Descriptor connection = listener.accept();
  ASSERT_TRUE(wait_for_tcp_socket(client.pid(), TCP_ESTABLISHED));
  const Outcome outcome = run_keepalive({"attach", "--count-open", "--idle", "180", cgroup.path()});
  EXPECT_EQ(lines_of(cgroup, outcome.out), "PATH on - 180s - - 1 1\n");
  EXPECT_EQ(outcome.err,
            "keepalive attach: for the connections that are open already: keepalive set --idle 180s "
            "--cgroup " +
                cgroup.path() + "\n");
  const Outcome set = run_keepalive({"set", "--idle", "180", "--cgroup", cgroup.path()});
  EXPECT_EQ(set.status, 0);
  EXPECT_THAT(set.err, HasSubstr("keepalive set: sockets opened later get the values of 'keepalive attach'\n"));
  EXPECT_EQ(options_text(tcp_sockets_of(client.pid()).at(0)), options_text({.keepalive = 1, .idle = 180}));
  const Outcome again = run_keepalive({"attach", "--count-open", "--idle", "180", cgroup.path()});
  EXPECT_EQ(lines_of(cgroup, again.out), "PATH on - 180s - - 1 0\n");
  EXPECT_EQ(again.err, "");
  EXPECT_EQ(run_keepalive({"detach", cgroup.path()}).status, 0);
  EXPECT_THAT(run_keepalive({"set", std::to_string(client.pid())}).err,
              HasSubstr("opened later do not get these values\n"));
}

TEST_F(AttachCommand, ShowTakesACgroup) {
  const AttachedCgroup cgroup;
  static_cast<void>(cgroup.make_child("child"));
  EXPECT_EQ(failure_of(run_keepalive({"show", "--cgroup", cgroup.path()})),
            "1: keepalive show: no process is in the cgroup " + cgroup.path() + "\n");
  const Listener listener;
  const Process client({cgroup.inside({beyond, "client", std::to_string(listener.port())}, "child"), {}});
  const Descriptor connection = listener.accept();
  ASSERT_TRUE(wait_for_tcp_socket(client.pid(), TCP_ESTABLISHED));
  const Outcome shown = run_keepalive({"show", "--cgroup", cgroup.path()});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_EQ(failure_of(run_keepalive({"show", "--cgroup", cgroup.path(), std::to_string(getpid()), "no-such-name"})),
            "1: keepalive show: there is no process " + std::to_string(getpid()) +
                " in that cgroup\nkeepalive show: no process in that cgroup is named 'no-such-name'\n");
  EXPECT_THAT(shown.out, HasSubstr(std::to_string(client.pid()) + "  beyond "));
  EXPECT_THAT(shown.out, HasSubstr(" ESTAB "));
}

TEST_F(AttachCommand, SetSaysWhatForceKeeps) {
  const AttachedCgroup cgroup({"--force"});
  const Listener listener;
  const Process client({cgroup.inside({beyond, "client", std::to_string(listener.port())}), {}});
  const Descriptor connection = listener.accept();
  ASSERT_TRUE(wait_for_tcp_socket(client.pid(), TCP_ESTABLISHED));
  const std::string pid = std::to_string(client.pid());
  const Outcome outcome = run_keepalive({"set", "--idle", "33", "--user-timeout", "5s", pid});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("descriptor 3: a BPF program keeps TCP_KEEPIDLE as it is; "));
  EXPECT_EQ(options_text(tcp_sockets_of(client.pid()).at(0)),
            options_text({.keepalive = 1, .count = 20, .idle = 180, .interval = 60, .user_timeout = 5000}));

  const Process other({cgroup.inside({beyond, "client", std::to_string(listener.port())}), {}});
  const Descriptor other_connection = listener.accept();
  ASSERT_TRUE(wait_for_tcp_socket(other.pid(), TCP_ESTABLISHED));
  EXPECT_THAT(run_keepalive({"set", "--off", "--cgroup", cgroup.path()}).err,
              MatchesRegex("keepalive set: process [0-9]+ \\(beyond\\), descriptor 3 and 1 more: a BPF program keeps "
                           "SO_KEEPALIVE as it is; if .*, first: keepalive detach\n"));
}

TEST_F(AttachCommand, ReplacesWhileConnectionsAreMade) {
  const AttachedCgroup cgroup;
  const Listener listener(128);
  REQUIRE_PROGRAM("python3");
  Process client({cgroup.inside({"python3", "-c",
                                 "import select, socket, sys\n"
                                 "without = made = 0\n"
                                 "while not select.select([sys.stdin], [], [], 0)[0]:\n"
                                 "    s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); made += 1\n"
                                 "    without += s.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0\n"
                                 "    s.close()\n"
                                 "    if made == 1: print('ready', flush=True)\n"
                                 "print(without, 'of', made)\n",
                                 std::to_string(listener.port())}),
                  {}});
  std::atomic<bool> done = false;
  std::thread acceptor([&] {
    while (!done) {
      pollfd waiting{listener.get(), POLLIN, 0};
      if (poll(&waiting, 1, 10) == 1) Descriptor(accept(listener.get(), nullptr, nullptr));
    }
  });
  EXPECT_TRUE(client.wait_for_output("ready"));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(run_keepalive({"attach", "--idle", std::to_string(100 + i), cgroup.path()}).status, 0);
    EXPECT_EQ(run_keepalive({"attach", "--force", cgroup.path()}).status, 0);
  }
  client.write("\n");
  EXPECT_THAT(client.wait().out, MatchesRegex("ready\n0 of [0-9]+\n"));
  done = true;
  acceptor.join();
}

}  // namespace
