/// @file
/// What `keepalive show` and `set` say if the kernel does not let them see a process.
#include <gmock/gmock.h>

#include <filesystem>
#include <memory>

#include "show.h"
#include "support/other_user.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::SizeIs;

class ShowRightsTest : public ShowTest {};

/// The command where an ordinary user can reach it.
class OrdinaryUserTest : public ShowTest {
 protected:
  void SetUp() override {
    REQUIRE_ROOT();
    REQUIRE_PROGRAM("setpriv");
    ShowTest::SetUp();
    std::filesystem::copy_file(keepalive_path, folder_ / "keepalive");
    own_ = std::make_unique<Process>(
        Command{command_as_nobody({"nc", "127.0.0.1", std::to_string(listener_.port())}), {}});
    end_ = listener_.accept();
    ASSERT_TRUE(wait_for_tcp_socket(own_->pid(), TCP_ESTABLISHED));
  }

  [[nodiscard]] Outcome as_ordinary_user(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), folder_ / "keepalive");
    return run({command_as_nobody(arguments), {}});
  }

  TemporaryFolder folder_;
  Listener listener_;
  std::unique_ptr<Process> own_;  ///< the user's own process
  Descriptor end_;
};

TEST_F(OrdinaryUserTest, SeesTheirOwnProcesses) {
  const std::string target = std::to_string(own_->pid());
  const Outcome outcome = as_ordinary_user({"show", "--json", target});
  if (yama_forbids()) {
    EXPECT_EQ(failure_of(outcome), "[]\n1: keepalive show: process " + target +
                                       " (nc) cannot be inspected: Operation not permitted; try as root\n");
    return;
  }
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(with_value(read_json(outcome.out), "pid", target)["peer_port"], std::to_string(listener_.port()));
  EXPECT_EQ(as_ordinary_user({"set", "--idle", "66", target}).status, 0);
  EXPECT_THAT(as_ordinary_user({"show", target}).out, HasSubstr("  66s+9x75s "));
}

TEST_F(OrdinaryUserTest, IsToldWhichProcessTheyMayNotSee) {
  const ConnectedNc nc;
  EXPECT_EQ(
      failure_of(as_ordinary_user({"show", "--json", nc.target()})),
      "[]\n1: keepalive show: process " + nc.target() + " (nc) cannot be inspected: Permission denied; try as root\n");
  const Outcome set = as_ordinary_user({"set", nc.target()});
  EXPECT_EQ(set.status, 1);
  EXPECT_THAT(set.err, HasSubstr("keepalive set: process " + nc.target() +
                                 " (nc) cannot be inspected: Permission denied; try as root\n"));
  EXPECT_EQ(shown(nc.pid(), nc.fd).at("keepalive"), "False");
}

TEST_F(OrdinaryUserTest, SeesTheRestOfAllProcesses) {
  const Outcome outcome = as_ordinary_user({"show", "--json"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.err,
              MatchesRegex("(keepalive show: .* cannot be inspected: (Permission denied|Operation not permitted); "
                           "try as root\n)+"));
  if (!yama_forbids()) {
    EXPECT_FALSE(with_value(read_json(outcome.out), "pid", std::to_string(own_->pid())).empty());
  }
}

TEST_F(OrdinaryUserTest, HearsThatWhatWasFoundIsNotAll) {
  const ConnectedNc others;
  const std::string filter = "--fd=2147483647";
  for (const std::string subcommand : {"show", "set"}) {
    const Outcome outcome = as_ordinary_user({subcommand, filter, others.target(), std::to_string(own_->pid())});
    EXPECT_EQ(outcome.status, 1);
    if (yama_forbids()) continue;
    EXPECT_THAT(outcome.err,
                MatchesRegex("keepalive " + subcommand + ": process " + others.target() +
                             " \\(nc\\) cannot be inspected: Permission denied; try as root\n" + "keepalive " +
                             subcommand + ": in the other processes: no TCP socket matches\n"));
  }
  if (!yama_forbids()) {
    EXPECT_THAT(as_ordinary_user({"show", filter}).err, HasSubstr("in the other processes: no TCP socket matches\n"));
  }
  EXPECT_EQ(
      failure_of(as_ordinary_user({"set", others.target()})),
      "1: keepalive set: process " + others.target() + " (nc) cannot be inspected: Permission denied; try as root\n");
}

TEST_F(OrdinaryUserTest, HearsThatProcessesAreHidden) {
  REQUIRE_PROGRAM("unshare");
  const std::string said = "/proc hides the processes of other users (its mount option hidepid); try as root\n";
  const auto where_hidden = [&](const std::string& arguments) {
    return run({{KEEPALIVE_UNSHARE, "--pid", "--fork", "--kill-child", "--", "sh", "-c",
                 "mount -t proc -o hidepid=2 proc /proc && setpriv --reuid=65534 --regid=65534 --clear-groups " +
                     (folder_ / "keepalive") + " " + arguments},
                {}});
  };
  EXPECT_THAT(where_hidden("show").err, HasSubstr("keepalive show: " + said));
  EXPECT_THAT(where_hidden("show no-such-name").err, HasSubstr("keepalive show: " + said));
  EXPECT_THAT(where_hidden("set no-such-name").err, HasSubstr("keepalive set: " + said));
}

TEST_F(OrdinaryUserTest, RootWithoutTheCapabilityIsToldWhatItTakes) {
  const ConnectedNc nc;
  const Outcome outcome = run({{"setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace", keepalive_path,
                                "show", "--json", nc.target()},
                               {}});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, MatchesRegex("keepalive show: process " + nc.target() +
                                        " \\(nc\\) cannot be inspected: (Operation not permitted|Permission denied); "
                                        "root lacks CAP_SYS_PTRACE here \\(as in a container\\)\n"));
}

TEST_F(ShowRightsTest, AnOlderKernelIsNamed) {
  REQUIRE_PROGRAM("strace");
  const ConnectedNc nc;
  for (const std::string subcommand : {"show", "set"}) {
    for (const char* injection : {"pidfd_open:error=ENOSYS", "pidfd_getfd:error=ENOSYS"}) {
      EXPECT_EQ(failure_of(traced(injection, subcommand, nc.target())),
                "1: keepalive " + subcommand + ": this needs Linux 5.6 or later (pidfd_getfd)\n")
          << injection;
    }
  }
}

TEST_F(ShowRightsTest, ASandboxThatForbidsItIsNamedWithTheProcessesWhileTheyAreFew) {
  REQUIRE_PROGRAM("strace");
  std::vector<std::unique_ptr<ConnectedNc>> programs;
  std::vector<std::string> command{
      "strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=pidfd_getfd:error=EPERM", keepalive_path, "show"};
  const auto said_with_another = [&] {
    programs.push_back(std::make_unique<ConnectedNc>());
    command.push_back(programs.back()->target());
    return run({command, {{"ASAN_OPTIONS", "detect_leaks=0"}}}).err;
  };
  const std::string reason = " cannot be inspected: Operation not permitted; ";
  const std::string said_of_one = said_with_another();
  EXPECT_THAT(said_of_one, HasSubstr("show: process " + programs[0]->target() + " (nc)" + reason));
  EXPECT_THAT(said_with_another(),
              MatchesRegex("keepalive show: processes [0-9]+ \\(nc\\), [0-9]+ \\(nc\\)" + reason + ".*\n"));
  for (int i = 0; i < 3; ++i) said_with_another();
  EXPECT_THAT(said_with_another(), MatchesRegex("keepalive show: 6 processes" + reason + ".*\n"));
}

TEST_F(ShowRightsTest, WithoutNetlinkTheNextProbeIsEstimated) {
  REQUIRE_PROGRAM("strace");
  const ConnectedNc nc(preloaded(all_values));
  const Outcome outcome = run({{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=sendto:error=EPERM",
                                keepalive_path, "show", "--json", nc.target()},
                               {{"ASAN_OPTIONS", "detect_leaks=0"}}});
  const std::vector<JsonObject> objects = read_json(outcome.out);
  ASSERT_THAT(objects, SizeIs(1));
  EXPECT_NEAR(std::stod(objects[0].at("next_probe_ms")), 180'000, 5000);
}

}  // namespace
