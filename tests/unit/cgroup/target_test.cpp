/// @file
/// What users name, and what systemd answers.
#include "command/cgroup/target.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "command/cgroup/unit.h"
#include "support/error_of.h"
#include "support/temporary_folder.h"

namespace {

using namespace keepalive::command;
using support::TemporaryFolder;
using testing::HasSubstr;
using testing::StartsWith;

TEST(UnitTest, IsToldByItsSuffix) {
  for (const char* const name : {"cron.service", "sshd.socket", "user-1000.slice", "init.scope", "a.b@c.service"}) {
    EXPECT_TRUE(is_unit_name(name)) << name;
  }
  for (const char* const name : {"cron", ".service", "/system.slice/cron.service", "cron.timer", "self", "12"}) {
    EXPECT_FALSE(is_unit_name(name)) << name;
  }
}

TEST(UnitTest, IsReadFromItsProperties) {
  const Unit unit = read_unit("ControlGroup=/system.slice/a=b.service\nLoadState=loaded\nActiveState=active\n");
  EXPECT_EQ(unit.cgroup, "/system.slice/a=b.service");
  EXPECT_EQ(unit.load_state, "loaded");
  EXPECT_EQ(unit.active_state, "active");
  EXPECT_EQ(read_unit("LoadState=not-found\nActiveState=inactive\nControlGroup=\n").cgroup, "");
}

class TargetTest : public testing::Test {
 protected:
  std::string error_for(const std::string& target) {
    return error_of([&] { static_cast<void>(find_target(hierarchy_, target)); });
  }

  TemporaryFolder folder_;
  Hierarchy hierarchy_{CgroupMount{folder_.path(), "/"}};
};

TEST_F(TargetTest, AWordThatIsNoneIsAUsageError) {
  EXPECT_EQ(error_for("nginx"),
            "2: 'nginx' is not a unit (nginx.service?), a PID, the path of a cgroup (/...), self or machine");
}

TEST_F(TargetTest, AProcessHasToExist) {
  EXPECT_EQ(error_for("0"), "1: there is no process 0");
  EXPECT_EQ(error_for("99999999"), "1: there is no process 99999999");
  EXPECT_EQ(error_for("99999999999999999999"), "1: there is no process 99999999999999999999");
}

TEST_F(TargetTest, AFolderHasToBeACgroup) {
  EXPECT_EQ(error_for(folder_.path()), "1: '" + folder_.path() + "' is no cgroup; cgroup v2 is mounted at " +
                                           folder_.path() + ", and systemd-cgls shows what there is");
  EXPECT_THAT(error_for("/no/such/cgroup"), StartsWith("1: '/no/such/cgroup' is no cgroup; "));
}

TEST_F(TargetTest, TheMachineCannotBeMeantFromWithinAContainer) {
  static_cast<void>(folder_.file("cgroup.procs", ""));
  EXPECT_EQ(find_target(hierarchy_, "machine"), "/");
  static_cast<void>(folder_.file("cgroup.type", ""));
  EXPECT_THAT(error_for("machine"), HasSubstr("from within this container; run this on the host"));
}

TEST(EachTargetTest, HasItsTurnAndTheWorstStatusCounts) {
  std::vector<std::string> seen;
  testing::internal::CaptureStderr();
  const int status = for_each_target("attach", {"a", "b", "c"}, [&](const std::string& target) {
    seen.push_back(target);
    if (target == "a") throw Error(status_usage, "what is a?");
    if (target == "b") throw Error(status_partly, "no b");
  });
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "keepalive attach: what is a?\nkeepalive attach: no b\n");
  EXPECT_THAT(seen, testing::ElementsAre("a", "b", "c"));
  EXPECT_EQ(status, status_usage);
}

}  // namespace
