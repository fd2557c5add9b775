/// @file
/// The supervisor under another one, as an ordinary user, and where it is not allowed.
#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include <filesystem>

#include "support/expected_options.h"
#include "support/loopback.h"
#include "support/other_user.h"
#include "support/preload.h"
#include "support/requirements.h"
#include "support/supervised.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::HasSubstr;

std::string program(const char* name) { return programs + "/" + name; }

TEST(SuperviseNested, SaysWhereToGiveValuesIfThereAreAny) {
  const auto nested = [](const std::string& option) {
    return run({run_with_howto_values({"--supervise"},
                                      {keepalive_path, "run", "--supervise", option, "--", "sh", "-c", "exit 9"}),
                {}});
  };
  const std::string line =
      "keepalive run: an outer 'keepalive run' has started a supervisor, and its values are used here; give the values "
      "to the outer one\n";
  for (const char* const option : {"--idle=5", "--force"}) EXPECT_EQ(nested(option).err, line) << option;
  EXPECT_EQ(nested("--supervise").err, "");
  EXPECT_EQ(nested("--supervise").status, 9);
}

// The inner one cannot have a supervisor of its own, so it must not run as if all were well.
TEST(SuperviseNested, IsRefusedWhereTheOuterSupervisorDoesNotFollow) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("unshare");
  const auto inner = [](const std::string& option) {
    return failure_of(run({run_with_howto_values({"--supervise"}, {"unshare", "--net", keepalive_path, "run", option,
                                                                   "--idle", "5", program("check-static")}),
                           tolerant_sanitizer}));
  };
  const std::string line =
      "keepalive run: no supervisor: that of an outer 'keepalive run' does not follow here (another network namespace, "
      "cgroup or user), and the kernel allows only one; leave the outer one out";
  EXPECT_EQ(inner("--supervise"), "125: " + line + " (--anyway runs it without keepalive)\n");
  EXPECT_EQ(inner("--anyway"), "SO_KEEPALIVE is OFF\n0: " + line + "; running it without keepalive\n");
}

/// A kernel that does not know a system call, by strace.
class SuperviseRefused : public testing::Test {
 protected:
  void SetUp() override { REQUIRE_PROGRAM("strace"); }

  static Outcome run_without(const std::string& call, const std::string& error,
                             const std::vector<std::string>& options = {"--supervise"},
                             const std::vector<std::string>& program = {"true"}) {
    return run_with_fault(call + ":error=" + error, options, program);
  }

  static Outcome run_with_fault(const std::string& fault, const std::vector<std::string>& options,
                                const std::vector<std::string>& program) {
    const std::vector<std::string> strace{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=" + fault};
    return run({joined(strace, run_with_howto_values(options, program)), tolerant_sanitizer});
  }
};

TEST_F(SuperviseRefused, WithoutUserNotification) {
  const Outcome outcome = run_without("seccomp", "EINVAL");
  EXPECT_EQ(outcome.status, 125);
  EXPECT_EQ(
      outcome.err,
      "keepalive run: no supervisor: the kernel lacks seccomp user notification (Linux 5.9): Invalid argument; use "
      "--preload (--anyway runs it without keepalive)\n");
}

TEST_F(SuperviseRefused, WithoutSeccomp) {
  const Outcome outcome = run_without("seccomp", "EPERM");
  EXPECT_EQ(outcome.status, 125);
  EXPECT_EQ(
      outcome.err,
      "keepalive run: no supervisor: seccomp(2) is not permitted: Operation not permitted; in a systemd unit, add "
      "seccomp to SystemCallFilter= (--anyway runs it without keepalive)\n");
}

TEST_F(SuperviseRefused, ButRunAnywayWithALine) {
  const Outcome outcome = run_without("seccomp", "EPERM", {"--supervise", "--anyway"}, {check});
  EXPECT_EQ(outcome.out, "SO_KEEPALIVE is OFF\n");
  EXPECT_EQ(
      outcome.err,
      "keepalive run: no supervisor: seccomp(2) is not permitted: Operation not permitted; in a systemd unit, add "
      "seccomp to SystemCallFilter=; running it without keepalive\n");
}

// A launcher still has the library. With --verbose a message tells what the library does not follow.
TEST_F(SuperviseRefused, ForALauncherLeavesTheLibrary) {
  REQUIRE_ROOT();
  const Outcome outcome = run_without("seccomp", "EPERM", {"--verbose"}, {"sh", "-c", check});
  EXPECT_THAT(outcome.out, HasSubstr("TCP_KEEPIDLE  = 180\n"));
  EXPECT_THAT(outcome.err,
              HasSubstr("SystemCallFilter=; so 'sh' and what it starts get keepalive, except static, setuid and 32-bit "
                        "programs and those with an environment of their own\n"));
}

TEST_F(SuperviseRefused, WithoutProcesses) {
  const Outcome outcome = run_without("clone", "EAGAIN");
  EXPECT_EQ(outcome.status, 125);
  EXPECT_THAT(outcome.err, HasSubstr("no supervisor: no memory, process or descriptor for it: Resource temporarily"));
}

// The filter is on this process by then. Without a supervisor all TCP sockets of the program would fail (ENOSYS).
TEST_F(SuperviseRefused, AlsoWithAnywayIfTheSupervisorIsKilledBehindTheFilter) {
  const Outcome outcome = run_with_fault("setsid:signal=KILL", {"--supervise", "--anyway"}, {check});
  EXPECT_EQ(outcome.status, 125);
  EXPECT_EQ(outcome.err, "keepalive run: no supervisor: it has ended at once\n");
  EXPECT_EQ(outcome.out, "");
}

/// In an environment that refusals.py prepares.
class SuperviseRefusedIn : public testing::TestWithParam<std::pair<const char*, const char*>> {};

INSTANTIATE_TEST_SUITE_P(
    Surroundings, SuperviseRefusedIn,
    testing::Values(
        std::pair{"filter_that_kills",
                  "a filter kills processes that call seccomp(2); in a systemd unit, add seccomp to SystemCallFilter="},
        std::pair{"foreign_listener",
                  "another program's seccomp listener is there already (a sandbox, a container, or WSL2 with mirrored "
                  "networking), and the kernel allows only one; use --preload"},
        std::pair{"no_proc", "/proc is not mounted; mount it: mount -t proc proc /proc"},
        std::pair{"proc_of_another_namespace",
                  "/proc is that of another PID namespace; mount this one's: mount -t proc proc /proc"},
        std::pair{"unshare_without_fork",
                  "it would be process 1 of a new PID namespace; use unshare --fork, or start "
                  "unshare by keepalive run"}),
    [](const auto& row) { return row.param.first; });

TEST_P(SuperviseRefusedIn, SaysWhyAndWhatHelps) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("python3");
  const Outcome outcome =
      run({{"python3", KEEPALIVE_REFUSALS, GetParam().first, keepalive_path, "run", "--supervise", "echo", "started"},
           tolerant_sanitizer});
  EXPECT_EQ(outcome.status, 125);
  EXPECT_EQ(outcome.err, std::string("keepalive run: no supervisor: ") + GetParam().second +
                             " (--anyway runs it without keepalive)\n");
  EXPECT_EQ(outcome.out, "");
}

// No advice leads in a circle: --preload does not reach a static program.
TEST(SuperviseRefusedForAStaticProgram, DoesNotNamePreload) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("python3");
  const auto error_of = [](const std::vector<std::string>& command) {
    const std::vector<std::string> refused{"python3", KEEPALIVE_REFUSALS, "foreign_listener"};
    return run({joined(refused, run_with_howto_values({}, command)), tolerant_sanitizer}).err;
  };
  EXPECT_THAT(error_of({programs + "/check-static"}),
              testing::EndsWith(
                  "only one; keepalive attach, or keepalive set while it runs, may help (--anyway runs it without "
                  "keepalive)\n"));
  EXPECT_EQ(error_of({"sh", "-c", ":"}), "");  // the library serves it
}

// What a sandbox kills the worker for is not tried again by the next worker.
TEST(SuperviseInSandbox, MayKillForShortSlices) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("python3");
  const std::vector<std::string> command =
      joined({"python3", KEEPALIVE_REFUSALS, "no_scheduling"}, run_with_howto_values({"--supervise"}, {check}));
  const Outcome outcome = run({command, tolerant_sanitizer});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, testing::StartsWith("SO_KEEPALIVE is ON\n"));
}

// As root the filter takes no rights away: a daemon without rights may start a setuid program later.
TEST(SuperviseSetuid, RootKeepsTheRightsOfWhatItStarts) {
  REQUIRE_ROOT();
  const Outcome outcome =
      run({run_with_howto_values({"--supervise"}, {"grep", "NoNewPrivs", "/proc/self/status"}), {}});
  EXPECT_EQ(outcome.out, "NoNewPrivs:\t0\n");
}

/// Copies of the command and a static program for `nobody`, who may not be allowed to read the build folder.
class SuperviseAsNobody : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_ROOT();
    REQUIRE_PROGRAM("setpriv");
    std::filesystem::copy_file(keepalive_path, folder_ / "keepalive");
    std::filesystem::copy_file(program("beyond-static"), folder_ / "beyond-static");
  }

  [[nodiscard]] Command client(const std::string& way) const {
    return {command_as_nobody({folder_ / "keepalive", "run", "--supervise", "--verbose", folder_ / "beyond-static", way,
                               std::to_string(listener_.port())}),
            {}};
  }

  const TemporaryFolder folder_;
  const Listener listener_;
};

// Neither needs the right to trace the program.
TEST_F(SuperviseAsNobody, ItsOwnProgramHasKeepalive) {
  for (const char* const way : {"client", "untraceable"}) {
    const Process process(client(way));
    const Descriptor connection = listener_.accept();
    ASSERT_GE(connection.get(), 0);
    const auto socket = wait_for_tcp_socket(process.pid(), TCP_ESTABLISHED);
    ASSERT_TRUE(socket);
    EXPECT_EQ(socket->keepalive, 1) << way;
  }
}

// The guard is a process, and there is none left for the worker.
TEST_F(SuperviseAsNobody, ALimitOfProcessesIsNamed) {
  REQUIRE_PROGRAM("prlimit");
  const std::string nobody_else = "54321";  // the limit counts all processes of the user
  const Outcome outcome =
      run({{"setpriv", "--reuid=" + nobody_else, "--regid=" + nobody_else, "--clear-groups", "prlimit", "--nproc=2",
            folder_ / "keepalive", "run", "--supervise", "--idle", "5m", "/bin/true"},
           tolerant_sanitizer});
  EXPECT_EQ(outcome.status, 125);
  EXPECT_THAT(outcome.err, HasSubstr("no supervisor: no memory, process or descriptor for it: "));
}

}  // namespace
