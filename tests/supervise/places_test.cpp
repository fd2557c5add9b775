/// @file
/// A supervised program that goes elsewhere (another network, user, cgroup) gets the sockets of that place (places/).
#include <gmock/gmock.h>

#include "support/requirements.h"
#include "support/supervised.h"

namespace {

using namespace support;

class SupervisePlaces : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(As, SupervisePlaces,
                         testing::Values("all_kinds", "lowest_free_number", "no_number_free", "few_descriptors",
                                         "another_network", "another_network_and_back", "network_of_a_thread",
                                         "other_threads_stay", "another_user", "another_file_system_user",
                                         "another_group_only", "undumpable", "undumpable_other_user", "user_namespace",
                                         "user_and_network_namespace", "mount_namespace_without_proc", "own_filter",
                                         "cgroup_v2", "cgroup_v1", "forced", "forced_elsewhere", "forced_beside",
                                         "forced_subreaper"),
                         [](const auto& row) { return std::string(row.param); });

TEST_P(SupervisePlaces, TheSocketIsTheSame) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("python3");
  const Outcome outcome = run({{"python3", KEEPALIVE_PLACES, keepalive_path, GetParam()}, {}});
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  REQUIRE_OR_SKIP(outcome.out.rfind("skip: ", 0) != 0, outcome.out);
}

// What these lines of the shell and of Python print is what a program's run leaves in a system log of its own.
Outcome run_with_system_log(const std::vector<std::string>& command) {
  const std::string own_dev =
      "mount --rbind /dev /mnt && mount -t tmpfs none /dev && "
      "for node in null urandom; do touch /dev/$node && mount --bind /mnt/$node /dev/$node || exit; done && exec "
      "\"$@\"";
  const std::string reader =
      "import socket, subprocess, sys\n"
      "log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
      "log.bind('/dev/log')\n"
      "subprocess.run(sys.argv[1:], check=True)\n"
      "log.settimeout(20)\n"
      "print(log.recv(1000).decode())\n"
      "log.settimeout(0)\n"
      "try: print(log.recv(1000).decode())\n"
      "except BlockingIOError: print('no other line')\n";
  const std::vector<std::string> inside{KEEPALIVE_UNSHARE, "--", "sh", "-c", own_dev, "sh", "python3", "-c", reader};
  return run({joined(inside, command), tolerant_sanitizer});
}

// Nobody sees standard error of a service's program, and it is the program's own. The system log gets one line.
TEST(SuperviseElsewhere, IsSaidOnceInTheSystemLog) {
  REQUIRE_ROOT();
  for (const char* const program : {"python3", "unshare"}) REQUIRE_PROGRAM(program);
  const std::string three_sockets = "import socket; [socket.socket() for _ in range(3)]; socket.socket()";
  const Outcome outcome = run_with_system_log(
      {keepalive_path, "run", "--supervise", "sh", "-c", "exec unshare --net python3 -c \"$0\"", three_sockets});
  EXPECT_THAT(outcome.out, testing::MatchesRegex("<28>keepalive\\[[0-9]+\\]: socket: no keepalive: the program is in "
                                                 "another network namespace\nno other line\n"))
      << outcome.err;
}

// For a launcher the library alone is used then, and its standard error is the program's own.
TEST(SuperviseElsewhere, IsSaidInTheSystemLogIfThereCanBeNoSupervisor) {
  REQUIRE_ROOT();
  for (const char* const program : {"python3", "unshare"}) REQUIRE_PROGRAM(program);
  const Outcome outcome = run_with_system_log({"unshare", "--pid", "--fork", keepalive_path, "run", "sh", "-c", ":"});
  EXPECT_THAT(outcome.out,
              testing::MatchesRegex("<28>keepalive\\[[0-9]+\\]: keepalive run: no supervisor: /proc is that of another "
                                    "PID namespace; [^\n]*\nno other line\n"))
      << outcome.err;
  EXPECT_EQ(outcome.err, "");
}

// An ordinary user's script: the library alone, and standard error is a pipe.
TEST(SuperviseElsewhere, IsSaidInTheSystemLogIfTheLibraryAloneIsUsed) {
  REQUIRE_ROOT();
  for (const char* const program : {"python3", "setpriv"}) REQUIRE_PROGRAM(program);
  const Outcome outcome = run_with_system_log({"setpriv", "--bounding-set=-all", "--inh-caps=-all", "--",
                                               keepalive_path, "run", "--idle", "5", "sh", "-c", ":"});
  EXPECT_THAT(outcome.out,
              testing::MatchesRegex("<28>keepalive\\[[0-9]+\\]: keepalive run: 'sh' and what it starts get "
                                    "keepalive, except [^\n]*\nno other line\n"))
      << outcome.err;
  EXPECT_EQ(outcome.err, "");
}

// As under inetd: a client must not read what is meant for the administrator.
TEST(SuperviseClient, ReadsNoErrorWhichGoesToTheSystemLog) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("python3");
  const std::string inetd =
      "import socket, subprocess, sys\n"
      "client, connection = socket.socketpair()\n"
      "subprocess.run(sys.argv[1:], stdin=connection, stdout=connection, stderr=connection)\n"
      "connection.close()\n"
      "print(client.recv(100), flush=True)\n";
  for (const auto& [arguments, line] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"run", "--idle", "0", "true"}, "keepalive run: --idle '0': "},
           {{"run", "--anyway", "--preload", programs + "/check-static"}, "keepalive run: '.*is statically linked: "},
           {{"set", "--idle", "5", "no-such-name"}, "keepalive set: no process is named 'no-such-name'"}}) {
    const Outcome outcome = run_with_system_log(joined({"python3", "-c", inetd, keepalive_path}, arguments));
    EXPECT_THAT(outcome.out, testing::ContainsRegex("^b'.*'\n<28>keepalive\\[[0-9]+\\]: " + line));
    EXPECT_THAT(outcome.out, testing::Not(testing::HasSubstr("b'keepalive")));
  }
}

// Docker's default profile: the process may not trace others. It then becomes another user, as gosu does.
TEST(SuperviseInDocker, TheProgramMayBecomeAnotherUser) {
  REQUIRE_ROOT();
  for (const char* const program : {"python3", "setpriv"}) REQUIRE_PROGRAM(program);
  for (const char* const place : {"all_kinds", "another_user", "undumpable_other_user"}) {
    const Outcome outcome =
        run({{"python3", KEEPALIVE_REFUSALS, "docker", "python3", KEEPALIVE_PLACES, keepalive_path, place}, {}});
    EXPECT_EQ(outcome.status, 0) << place << outcome.out << outcome.err;
  }
}

}  // namespace
