/// @file
/// Other BPF programs beside ours, and what is left of ours.
#include <gmock/gmock.h>

#include "attached_cgroup.h"
#include "bpf.h"
#include "command/cgroup/attachment.h"
#include "support/eventually.h"
#include "support/loopback.h"
#include "support/preload.h"

namespace {

using namespace support;
using bpf_test::count_programs_and_maps;
using bpf_test::ForeignProgram;
using testing::MatchesRegex;

class AttachCompany : public testing::Test {
  void SetUp() override { REQUIRE_CGROUP_BPF(); }
};

bool is_attached(const TestCgroup& cgroup) {
  return run_keepalive({"attached"}).out.find(cgroup.path() + " ") != std::string::npos;
}

long long runs_for_a_connection(const TestCgroup& cgroup, const ForeignProgram& program) {
  const long long before = program.runs();
  const Listener listener;
  Process client({cgroup.inside({programs + "/beyond", "client", std::to_string(listener.port())}), {}});
  const Descriptor connection = listener.accept();
  client.close_input();
  EXPECT_EQ(client.wait().status, 0);
  return program.runs() - before;
}

TEST_F(AttachCompany, AForeignProgramStaysAndRuns) {
  const TestCgroup cgroup;
  const ForeignProgram foreign(cgroup.folder(), BPF_F_ALLOW_MULTI, "foreign");
  ASSERT_TRUE(foreign.attached());
  const long long alone = runs_for_a_connection(cgroup, foreign);
  EXPECT_GT(alone, 0);
  EXPECT_FALSE(is_attached(cgroup));
  EXPECT_EQ(attach_howto_values(cgroup.path(), {"--force"}), "");
  EXPECT_TRUE(is_attached(cgroup));
  EXPECT_EQ(runs_for_a_connection(cgroup, foreign), alone);
  EXPECT_EQ(run_keepalive({"detach", cgroup.path()}).status, 0);
  EXPECT_EQ(run_keepalive({"detach", cgroup.path()}).status, 1);
  EXPECT_EQ(runs_for_a_connection(cgroup, foreign), alone);
}

TEST_F(AttachCompany, ANameAloneMakesNoProgramOurs) {
  const TestCgroup cgroup;
  const ForeignProgram foreign(cgroup.folder(), BPF_F_ALLOW_MULTI, "keepalive");
  ASSERT_TRUE(foreign.attached());
  EXPECT_FALSE(is_attached(cgroup));
  EXPECT_EQ(run_keepalive({"detach", cgroup.path()}).status, 1);
  EXPECT_EQ(attach_howto_values(cgroup.path()), "");
  EXPECT_TRUE(is_attached(cgroup));
  EXPECT_GT(runs_for_a_connection(cgroup, foreign), 0);
}

TEST_F(AttachCompany, AProgramThatAllowsNoOtherIsNamed) {
  const TestCgroup cgroup;
  const std::string child = cgroup.make_child("child");
  const ForeignProgram foreign(cgroup.folder(), 0, "selfish");
  ASSERT_TRUE(foreign.attached());
  for (const std::string& target : {cgroup.path(), child}) {
    EXPECT_THAT(failure_of(run_keepalive({"attach", target})),
                MatchesRegex("1: keepalive attach: BPF program [0-9]+ \\(selfish\\) on the cgroup " + cgroup.path() +
                             " allows no other program beside it; its owner has to detach it, or to attach it with "
                             "BPF_F_ALLOW_MULTI \\(bpftool cgroup attach ... multi\\)\n"));
    EXPECT_EQ(run_keepalive({"attach", "--force", target}).status, 1);
  }
  EXPECT_GT(runs_for_a_connection(cgroup, foreign), 0);
}

TEST_F(AttachCompany, AFailureLeavesNothingBehind) {
  const TestCgroup cgroup;
  const auto before = count_programs_and_maps("keepalive");
  {
    const ForeignProgram foreign(cgroup.folder(), BPF_F_ALLOW_OVERRIDE, "selfish");
    EXPECT_EQ(run_keepalive({"attach", "--force", cgroup.path()}).status, 1);
  }
  EXPECT_TRUE(eventually([&] { return count_programs_and_maps("keepalive") <= before; }));
}

// Removing the cgroup detaches what is attached to it.
TEST_F(AttachCompany, NothingIsLeftOfTenThousandAttachments) {
  using namespace keepalive;
  const auto before = count_programs_and_maps("keepalive");
  Settings settings;
  settings.values[0] = 3;
  {
    const TestCgroup cgroup;
    const Descriptor folder(open(cgroup.folder().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    for (int i = 0; i < 10'000; ++i) {
      settings.mode = i % 3 == 0 ? Mode::force : Mode::on;
      command::attach_to_cgroup(folder.get(), settings, command::kernel_defaults());
      if (i % 2 == 0) {
        ASSERT_TRUE(command::detach_from_cgroup(folder.get()));
      }
    }
    ASSERT_TRUE(command::find_our_program(folder.get(), command::sock_ops_type));
  }
  // The kernel frees them some time later.
  EXPECT_TRUE(eventually([&] { return count_programs_and_maps("keepalive") <= before; }))
      << count_programs_and_maps("keepalive").first << " programs, " << before.first << " before";
}

}  // namespace
