/// @file
/// What users are told when the kernel refuses.
#include "command/cgroup/refusal.h"

#include <gmock/gmock.h>

#include <cerrno>

namespace {

using namespace keepalive;
using namespace keepalive::command;
using testing::HasSubstr;

constexpr char initial_namespace[] = "         0          0 4294967295\n";

std::string status_with(const std::string& capabilities) {
  return "Name:\tx\nCapPrm:\t0000000000000000\nCapEff:\t" + capabilities + "\nCapBnd:\t000001ffffffffff\n";
}

TEST(RightsTest, AreTheEffectiveCapabilities) {
  const Rights all = read_rights(status_with("000001ffffffffff"), initial_namespace);
  EXPECT_TRUE(all.bpf && all.net_admin && all.sys_admin);
  EXPECT_FALSE(all.in_user_namespace);
  const Rights none = read_rights(status_with("0000000000000000"), initial_namespace);
  EXPECT_FALSE(none.bpf || none.net_admin || none.sys_admin);
  const Rights two = read_rights(status_with("0000008000001000"), initial_namespace);
  EXPECT_TRUE(two.bpf && two.net_admin);
  EXPECT_FALSE(two.sys_admin);
  EXPECT_TRUE(read_rights(status_with("0000000000200000"), initial_namespace).bpf) << "CAP_SYS_ADMIN includes CAP_BPF";
}

TEST(RightsTest, OfAUserNamespaceDoNotCount) {
  EXPECT_TRUE(read_rights("", "0 1000 1\n").in_user_namespace);
  EXPECT_TRUE(read_rights("", "0 100000 65536\n").in_user_namespace);
  EXPECT_FALSE(read_rights("", "").in_user_namespace);
}

TEST(RefusalTest, SaysWhatWouldHelp) {
  using Step = BpfError::Step;
  const Hierarchy hierarchy({"/nonexistent", "/"});
  const auto text = [&](Step step, int error) { return explain({step, error}, hierarchy, "/a"); };
  EXPECT_THAT(text(Step::make, ENOSYS), HasSubstr("CONFIG_BPF_SYSCALL"));
  EXPECT_THAT(text(Step::load, EINVAL), HasSubstr("Linux 6.1, or 5.9 with --force"));
  EXPECT_THAT(text(Step::query, EINVAL), HasSubstr("CONFIG_CGROUP_BPF"));
  EXPECT_THAT(text(Step::attach, E2BIG), HasSubstr("/a: Argument list too long"));
}

}  // namespace
