/// @file
/// Where cgroup v2 is, from the kernel's texts.
#include "command/cgroup/hierarchy.h"

#include <gmock/gmock.h>

#include "support/temporary_folder.h"

namespace {

using namespace keepalive::command;
using support::TemporaryFolder;
namespace fs = std::filesystem;

constexpr char unified[] =
    "22 1 253:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr char hybrid[] =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
constexpr char legacy[] = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n";

TEST(CgroupMountTest, IsFoundOnUnifiedAndHybridMachines) {
  EXPECT_EQ(find_cgroup_mount(unified)->folder, "/sys/fs/cgroup");
  EXPECT_EQ(find_cgroup_mount(unified)->root, "/");
  EXPECT_EQ(find_cgroup_mount(hybrid)->folder, "/sys/fs/cgroup/unified");
  EXPECT_FALSE(find_cgroup_mount(legacy));
  EXPECT_FALSE(find_cgroup_mount(""));
}

TEST(CgroupMountTest, OfSeveralTheOneThatShowsMostIsChosen) {
  const std::string part = "50 1 0:26 /system.slice/docker /container rw - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(find_cgroup_mount(part)->root, "/system.slice/docker");
  EXPECT_EQ(find_cgroup_mount(part + unified)->folder, "/sys/fs/cgroup");
  EXPECT_EQ(find_cgroup_mount(unified + part)->folder, "/sys/fs/cgroup");
}

TEST(CgroupMountTest, ItsFolderMayHaveSpaces) {
  EXPECT_EQ(find_cgroup_mount("50 1 0:26 / /a\\040b\\134 rw - cgroup2 cgroup2 rw\n")->folder, "/a b\\");
}

TEST(CgroupTest, IsTheLineWithoutControllers) {
  EXPECT_EQ(cgroup_in("0::/system.slice/cron.service\n"), "/system.slice/cron.service");
  EXPECT_EQ(cgroup_in("9:name=systemd:/x\n4:memory:/y\n0::/z\n"), "/z");
  EXPECT_EQ(cgroup_in("9:name=systemd:/x\n"), std::nullopt);
  EXPECT_EQ(cgroup_in(""), std::nullopt);
}

TEST(CgroupTest, HasAParent) {
  EXPECT_EQ(parent_of("/a/b"), "/a");
  EXPECT_EQ(parent_of("/a"), "/");
  EXPECT_EQ(parent_of("/"), std::nullopt);
}

TEST(HierarchyTest, TranslatesBetweenCgroupsAndFolders) {
  const Hierarchy all({"/sys/fs/cgroup", "/"});
  EXPECT_EQ(all.folder_of("/a/b"), "/sys/fs/cgroup/a/b");
  EXPECT_EQ(all.folder_of("/"), "/sys/fs/cgroup");
  EXPECT_EQ(all.cgroup_at("/sys/fs/cgroup/a/b"), "/a/b");
  EXPECT_EQ(all.cgroup_at("/sys/fs/cgroup"), "/");
  EXPECT_EQ(all.cgroup_at("/sys/fs/cgroups"), std::nullopt);

  const Hierarchy part({"/mnt", "/docker"});
  EXPECT_EQ(part.folder_of("/docker/x"), "/mnt/x");
  EXPECT_EQ(part.folder_of("/docker"), "/mnt");
  EXPECT_EQ(part.folder_of("/dockers"), "");
  EXPECT_EQ(part.folder_of("/"), "");
  EXPECT_EQ(part.cgroup_at("/mnt/x"), "/docker/x");
  EXPECT_EQ(part.cgroup_at("/mnt"), "/docker");
}

TEST(HierarchyTest, WalksParentsFirstAndCountsProcessesOfAll) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "b/c");
  fs::create_directories(folder / "a");
  for (const auto& [name, text] : {std::pair{"cgroup.procs", "1\n"},
                                   {"b/cgroup.procs", "30\n2\n0\n"},
                                   {"b/c/cgroup.procs", "4\n"},
                                   {"a/cgroup.procs", ""},
                                   {"cgroup.type", ""}}) {
    static_cast<void>(folder.file(name, text));
  }
  const Hierarchy hierarchy({folder.path(), "/"});
  std::vector<std::string> visited;
  hierarchy.walk("/", [&](const std::string& cgroup) { visited.push_back(cgroup); });
  EXPECT_THAT(visited, testing::ElementsAre("/", "/a", "/b", "/b/c"));
  EXPECT_THAT(hierarchy.processes_in("/"), testing::ElementsAre(1, 2, 4, 30));
  EXPECT_THAT(hierarchy.processes_in("/b"), testing::ElementsAre(2, 4, 30));
  EXPECT_THAT(hierarchy.processes_in("/gone"), testing::IsEmpty());
}

TEST(HierarchyTest, OnlyTheMachinesRootHasNoType) {
  const TemporaryFolder folder;
  static_cast<void>(folder.file("cgroup.procs", ""));
  const Hierarchy hierarchy({folder.path(), "/"});
  EXPECT_TRUE(hierarchy.is_machine_root("/"));
  EXPECT_FALSE(hierarchy.is_machine_root("/gone"));
  static_cast<void>(folder.file("cgroup.type", "domain\n"));
  EXPECT_FALSE(hierarchy.is_machine_root("/"));
}

}  // namespace
