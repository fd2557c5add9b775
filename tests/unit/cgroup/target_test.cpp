/// @file
/// What users name, and what systemd answers.
#include "command/cgroup/target.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>

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
  EXPECT_EQ(read_unit("ConsistsOf=a.service b.service\n").parts, "a.service b.service");
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
  for (const std::string target : {"", ".service", "a/b"}) {
    EXPECT_EQ(error_for(target),
              "2: '" + target + "' is not a unit, a PID, the path of a cgroup (/...), self or machine");
  }
}

TEST_F(TargetTest, APatternAndAUnitWithoutProcessesAreUsageErrors) {
  for (const std::string target : {"app@*.service", "app@[23].service", "a?.slice"}) {
    EXPECT_EQ(error_for(target), "2: '" + target + "' is a pattern; name each unit, or the slice that they are in");
  }
  EXPECT_EQ(error_for("app@.service"),
            "2: 'app@.service' is a template; name an instance of it, or the slice that they are in");
  EXPECT_EQ(error_for("logrotate.timer"),
            "2: 'logrotate.timer' has no processes of its own; name the unit that it starts (NAME.service)");
}

// As on a machine without systemd, with the programs of this one.
TEST_F(TargetTest, AUnitThatSystemdDoesNotTellOfIsOneLine) {
  const char* const present = std::getenv("PATH");
  const std::string path = present != nullptr ? present : "";
  const auto error_with = [&](const std::string& systemctl) {
    const std::string script = folder_.file("systemctl", "#!/bin/sh\n" + systemctl + "\n");
    setenv("PATH", folder_.path().c_str(), 1);
    std::string error = error_for("a.service");
    setenv("PATH", path.c_str(), 1);
    return error;
  };
  const std::string start = "1: systemd does not tell the cgroup of a.service (systemctl: ";
  const std::string end = "); name a PID or the path of a cgroup (/...) instead";
  EXPECT_EQ(error_with("echo 'No systemd.' >&2; echo More. >&2; exit 1"), start + "No systemd." + end);
  EXPECT_EQ(error_with("exit 1"), start + "failed" + end);
  setenv("PATH", "/nonexistent", 1);
  EXPECT_EQ(error_for("a.service"), start + "No such file or directory" + end);
  setenv("PATH", path.c_str(), 1);
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

// It has no file cgroup.procs, which a mount of a part of the hierarchy would have.
TEST_F(TargetTest, NothingIsReadOutsideOfTheMount) {
  const Hierarchy part(CgroupMount{folder_.path(), "/.."});
  EXPECT_TRUE(part.processes_in("/").empty());
}

class EachTargetTest : public TargetTest {
 protected:
  // As in a container: with this file, the cgroups of both targets are not the machine's root.
  void SetUp() override { static_cast<void>(folder_.file("cgroup.type", "")); }

  int act_on(const Arguments& targets, const std::string& failing) {
    testing::internal::CaptureStderr();
    const int status = for_each_target(
        "attach", hierarchy_, targets, "", [] {},
        [&](const std::string& target, const auto&) {
          seen_.push_back(target);
          if (target == failing) throw Error(status_partly, "no " + target);
        });
    said_ = testing::internal::GetCapturedStderr();
    return status;
  }

  std::string own_ = std::to_string(getpid());
  std::vector<std::string> seen_;
  std::string said_;
};

TEST_F(EachTargetTest, HasItsTurnIfAnotherFails) {
  EXPECT_EQ(act_on({own_, "self"}, own_), status_partly);
  EXPECT_THAT(seen_, testing::ElementsAre(own_, "self"));
  EXPECT_EQ(said_, "keepalive attach: no " + own_ + "\n");
}

TEST_F(EachTargetTest, IsPassedOverIfItsCgroupIsDone) {
  EXPECT_EQ(act_on({own_, "self", own_}, ""), status_done);
  EXPECT_THAT(seen_, testing::ElementsAre(own_));
}

TEST_F(EachTargetTest, IsLeftAloneIfOneIsNotThere) {
  EXPECT_EQ(act_on({"self", "what", "99999999"}, ""), status_usage);
  EXPECT_THAT(seen_, testing::IsEmpty());
  EXPECT_THAT(said_, HasSubstr("there is no process 99999999\nkeepalive attach: nothing was changed\n"));
}

}  // namespace
