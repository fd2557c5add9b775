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
                                       " (nc) can't be inspected: Operation not permitted; try as root\n");
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
      "[]\n1: keepalive show: process " + nc.target() + " (nc) can't be inspected: Permission denied; try as root\n");
  const Outcome set = as_ordinary_user({"set", nc.target()});
  EXPECT_EQ(set.status, 1);
  EXPECT_THAT(set.err, HasSubstr("keepalive set: process " + nc.target() +
                                 " (nc) can't be inspected: Permission denied; try as root\n"));
  EXPECT_EQ(shown(nc.pid(), nc.fd).at("keepalive"), "False");
}

TEST_F(OrdinaryUserTest, SeesTheRestOfAllProcesses) {
  const Outcome outcome = as_ordinary_user({"show", "--json"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.err,
              MatchesRegex("keepalive show: [0-9]+ processes of other users can't be inspected; try as root\n"));
  if (!yama_forbids()) {
    EXPECT_FALSE(with_value(read_json(outcome.out), "pid", std::to_string(own_->pid())).empty());
  }
}

TEST_F(OrdinaryUserTest, RootWithoutTheCapabilityIsToldWhatItTakes) {
  const ConnectedNc nc;
  const Outcome outcome = run({{"setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace", keepalive_path,
                                "show", "--json", nc.target()},
                               {}});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, MatchesRegex("keepalive show: process " + nc.target() +
                                        " \\(nc\\) can't be inspected: (Operation not permitted|Permission denied); "
                                        "root needs CAP_SYS_PTRACE for that, and no security module against it\n"));
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

TEST_F(ShowRightsTest, ASandboxThatForbidsItIsNamed) {
  REQUIRE_PROGRAM("strace");
  const ConnectedNc nc;
  EXPECT_THAT(traced("pidfd_getfd:error=EPERM", "show", nc.target()).err,
              HasSubstr("process " + nc.target() + " (nc) can't be inspected: Operation not permitted; "));
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
