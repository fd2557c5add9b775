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
#include "support/other_user.h"
#include "support/preload.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

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

/// The lines of a text that have a cgroup of the test, without what depends on the cgroup's name: its path is `PATH`,
/// and there is one space between columns.
std::string lines_of(const TestCgroup& cgroup, const std::string& text) {
  std::istringstream lines(text);
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(cgroup.path()) == std::string::npos) continue;
    for (std::size_t at = 0; (at = line.find(cgroup.path())) != std::string::npos;) {
      line.replace(at, cgroup.path().size(), "PATH");
    }
    for (std::size_t at = 0; (at = line.find("  ")) != std::string::npos;) line.erase(at, 1);
    found += line + "\n";
  }
  return found;
}

std::string attached_lines(const TestCgroup& cgroup, const std::vector<std::string>& options = {}) {
  std::vector<std::string> arguments{"attached"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  const Outcome outcome = run_keepalive(arguments);
  EXPECT_EQ(failure_of({outcome.status, "", outcome.err}), "0: ");
  return lines_of(cgroup, outcome.out);
}

TEST_F(AttachCommand, PrintsARowForEachTarget) {
  const TestCgroup cgroup;
  const std::string child = cgroup.make_child("child");
  const Process process({cgroup.inside({"sleep", "1000"}), {}});
  ASSERT_TRUE(eventually([&] { return std::ifstream(cgroup.folder() + "/cgroup.procs").peek() != EOF; }));
  const Outcome outcome = run_keepalive(
      {"attach", "--idle", "2m", "--interval=30", "--user-timeout", "auto", cgroup.path(), child, "--force"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, MatchesRegex("CGROUP +MODE +COUNT +IDLE +INTERVAL +USER-TIMEOUT +PROCESSES\n.*\n.*\n"));
  EXPECT_EQ(lines_of(cgroup, outcome.out), "PATH force - 120s 30s auto 1\nPATH/child force - 120s 30s auto 0\n");
  EXPECT_EQ(run_keepalive({"detach", child, cgroup.path()}).status, 0);
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
                                                              "; it has what is attached to " + cgroup.path() +
                                                              " above it\n");
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
  EXPECT_EQ(run_keepalive({"set", "--idle", "180", "--cgroup", cgroup.path()}).status, 0);
  EXPECT_EQ(options_text(tcp_sockets_of(client.pid()).at(0)), options_text({.keepalive = 1, .idle = 180}));
  const Outcome again = run_keepalive({"attach", "--count-open", "--idle", "180", cgroup.path()});
  EXPECT_EQ(lines_of(cgroup, again.out), "PATH on - 180s - - 1 0\n");
  EXPECT_EQ(again.err, "");
}

TEST_F(AttachCommand, ShowTakesACgroup) {
  const AttachedCgroup cgroup;
  const std::string child = cgroup.make_child("child");
  EXPECT_EQ(failure_of(run_keepalive({"show", "--cgroup", cgroup.path()})),
            "1: keepalive show: no process is in the cgroup " + cgroup.path() + "\n");
  const Listener listener;
  const Process client({cgroup.inside({beyond, "client", std::to_string(listener.port())}, "child"), {}});
  const Descriptor connection = listener.accept();
  ASSERT_TRUE(wait_for_tcp_socket(client.pid(), TCP_ESTABLISHED));
  const Outcome shown = run_keepalive({"show", "--cgroup", cgroup.path()});
  EXPECT_EQ(shown.status, 0) << shown.err;
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
  EXPECT_THAT(run_keepalive({"set", "--off", pid}).err, HasSubstr("keeps SO_KEEPALIVE as it is; "));
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

// ---- what is refused, and what is said then

TEST_F(AttachCommand, NeedsATarget) {
  EXPECT_EQ(failure_of(run_keepalive({"attach"})),
            "2: keepalive attach: missing TARGET; see keepalive attach --help\n");
  EXPECT_EQ(failure_of(run_keepalive({"detach"})),
            "2: keepalive detach: missing TARGET; see keepalive detach --help\n");
  EXPECT_EQ(failure_of(run_keepalive({"attached", "x"})),
            "2: keepalive attached: unexpected operand 'x'; see keepalive attached --help\n");
}

TEST_F(AttachCommand, AValueThatIsWrongChangesNothing) {
  const AttachedCgroup cgroup;
  EXPECT_EQ(run_keepalive({"attach", "--idle", "0", cgroup.path()}).status, 2);
  EXPECT_EQ(attached_lines(cgroup), "PATH on 20 180s 60s - -\n");
}

TEST_F(AttachCommand, OneTargetThatIsNotThereLeavesTheOthers) {
  const TestCgroup cgroup;
  const Outcome outcome = run_keepalive({"attach", "/no/such", cgroup.path(), "99999999"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, MatchesRegex("keepalive attach: '/no/such' is no cgroup; cgroup v2 is mounted at [^\n]*\n"
                                        "keepalive attach: there is no process 99999999\n"));
  EXPECT_EQ(lines_of(cgroup, outcome.out), "PATH on - - - - 0\n");
}

TEST_F(AttachCommand, TheRootCgroupHasToBeSaid) {
  const std::string root = TestCgroup::mounted_at();
  REQUIRE_OR_SKIP(access((root + "/cgroup.type").c_str(), F_OK) != 0, "this needs the machine's root cgroup");
  TestCgroup cgroup;
  const Process process({{"sleep", "1000"}, {}});
  std::ofstream(root + "/cgroup.procs") << process.pid();
  const std::string pid = std::to_string(process.pid());
  EXPECT_EQ(failure_of(run_keepalive({"attach", pid})),
            "1: keepalive attach: process " + pid +
                " is in the root cgroup, that of the whole machine: say 'machine' if you mean that\n");
}

/// The command as root, but with these capabilities only.
Outcome with_capabilities(const std::string& capabilities, const std::vector<std::string>& arguments) {
  std::vector<std::string> command{"setpriv", "--bounding-set=" + capabilities, "--inh-caps=" + capabilities, "--"};
  for (const std::string& word : keepalive_command(arguments)) command.push_back(word);
  return run({command, tolerant_sanitizer});
}

TEST_F(AttachCommand, NamesTheCapabilityThatIsMissing) {
  REQUIRE_PROGRAM("setpriv");
  const TestCgroup cgroup;
  const std::vector<std::string> attach{"attach", cgroup.path()};
  const std::string needed =
      "1: keepalive attach: this needs CAP_BPF and CAP_NET_ADMIN; run it as root, outside of "
      "any container\n";
  EXPECT_EQ(failure_of(with_capabilities("-all", attach)), needed);
  EXPECT_EQ(failure_of(with_capabilities("-all,+net_admin", attach)), needed);
  EXPECT_EQ(failure_of(with_capabilities("-all,+bpf", attach)), needed);
  EXPECT_EQ(failure_of(run({command_as_nobody(keepalive_command(attach)), tolerant_sanitizer})), needed);

  EXPECT_EQ(with_capabilities("-all,+bpf,+net_admin", attach).status, 0) << "enough where nothing is attached";
  EXPECT_EQ(attached_lines(cgroup), "PATH on - - - - -\n");
  EXPECT_EQ(failure_of(with_capabilities("-all,+bpf,+net_admin", attach)),
            "1: keepalive attach: without CAP_SYS_ADMIN the BPF programs on " + cgroup.path() +
                " cannot be told apart: one may be an earlier one of this command; run it as root, outside of any "
                "container\n");
  EXPECT_THAT(failure_of(with_capabilities("-all", {"attached"})),
              "1: keepalive attached: this needs CAP_NET_ADMIN; run it as root, outside of any container\n");
}

TEST_F(AttachCommand, IsNotForUserNamespaces) {
  REQUIRE_PROGRAM("unshare");
  const TestCgroup cgroup;
  std::vector<std::string> command{"unshare", "--user", "--map-root-user"};
  for (const std::string& word : keepalive_command({"attach", cgroup.path()})) command.push_back(word);
  EXPECT_EQ(failure_of(run({command, tolerant_sanitizer})),
            "1: keepalive attach: this is not possible in a user namespace (a rootless container); run it as root, "
            "outside of any container\n");
}

/// The command in a mount namespace where `prepare` (shell commands) has run.
Outcome with_mounts(const std::string& prepare, const std::vector<std::string>& arguments) {
  std::vector<std::string> command{KEEPALIVE_UNSHARE, "--", "sh", "-ec", prepare + "\nexec \"$@\"", "sh"};
  for (const std::string& word : keepalive_command(arguments)) command.push_back(word);
  return run({command, tolerant_sanitizer});
}

const std::string unmount_all =
    "while read -r _ _ _ _ folder rest; do case $rest in *' - cgroup2 '*) umount -l \"$folder\" ;; esac; done "
    "< /proc/self/mountinfo";

TEST_F(AttachCommand, MountsCgroup2ForItselfWhereNobodyHas) {
  const TestCgroup cgroup;
  const Outcome outcome = with_mounts(unmount_all, {"attach", "--idle", "77", cgroup.path()});
  EXPECT_EQ(failure_of({outcome.status, lines_of(cgroup, outcome.out), outcome.err}), "PATH on - 77s - - 0\n0: ");
  EXPECT_EQ(lines_of(cgroup, with_mounts(unmount_all, {"attached"}).out), "PATH on - 77s - - -\n");
  EXPECT_EQ(options_of_new_connection(cgroup), options_text({.keepalive = 1, .idle = 77}));
  EXPECT_EQ(with_mounts(unmount_all, {"detach", cgroup.path()}).status, 0);
}

TEST_F(AttachCommand, FindsItWhereverItIsMounted) {
  const TemporaryFolder folder;
  const TestCgroup cgroup;
  const std::string unified = unmount_all + "; mount -t cgroup2 none " + folder.path();
  EXPECT_EQ(with_mounts(unified, {"attach", folder.path() + cgroup.path()}).status, 0);
  EXPECT_EQ(attached_lines(cgroup), "PATH on - - - - -\n");
  const std::string part = unmount_all + "; mount -t cgroup2 none " + folder.path() + "; mount --bind " +
                           folder.path() + cgroup.path() + " /mnt; umount " + folder.path();
  EXPECT_EQ(with_mounts(part, {"detach", "/mnt"}).out,
            "detached from " + cgroup.path() + "; sockets keep what they have\n");
  EXPECT_THAT(with_mounts(part, {"attach", "machine"}).err,
              HasSubstr("cannot be seen from within this container; run this on the host"));
}

TEST_F(AttachCommand, RefusesACgroupOfVersion1) {
  std::string folder;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string word;
    for (int field = 0; field < 5; ++field) fields >> word;
    if (line.find(" - cgroup ") != std::string::npos) folder = word;
  }
  REQUIRE_OR_SKIP(!folder.empty(), "this needs a mounted cgroup v1");
  EXPECT_THAT(failure_of(run_keepalive({"attach", folder})),
              StartsWith("1: keepalive attach: '" + folder +
                         "' is a cgroup v1, where BPF programs cannot be attached; "
                         "cgroup v2 is mounted at "));
}

TEST_F(AttachCommand, InACgroupNamespaceSelfIsTheContainer) {
  REQUIRE_PROGRAM("unshare");
  const TestCgroup cgroup;
  const TemporaryFolder folder;
  const std::string container = "mount -t cgroup2 none " + folder.path() + " && exec \"$@\"";
  std::vector<std::string> command{"unshare", "--cgroup", "--mount", "sh", "-c", container, "sh"};
  for (const std::string& word : keepalive_command({"attach", "--idle", "66", "self"})) command.push_back(word);
  const Outcome outcome = run({cgroup.inside(command), tolerant_sanitizer});
  EXPECT_THAT(outcome.out, MatchesRegex("CGROUP[^\n]*\n/ +on +- +66s [^\n]*\n")) << outcome.err;
  EXPECT_EQ(attached_lines(cgroup), "PATH on - 66s - - -\n");
}

}  // namespace
