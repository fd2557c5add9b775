#include "command/program/privileges.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "command/program/inspect.h"
#include "elf_file.h"
#include "support/other_user.h"
#include "support/requirements.h"
#include "support/temporary_folder.h"

namespace keepalive::command {
namespace {

using namespace support;

class PrivilegesTest : public testing::Test {
 protected:
  void SetUp() override { REQUIRE_ROOT(); }

  /// A program with this owner and mode.
  [[nodiscard]] std::string program(unsigned owner, int mode, const std::string& content = elf64({})) const {
    std::string path = folder_.file("program", content);
    EXPECT_EQ(chown(path.c_str(), owner, owner), 0);
    EXPECT_EQ(chmod(path.c_str(), static_cast<mode_t>(mode)), 0);  // after chown, which clears these bits
    return path;
  }

  [[nodiscard]] static bool give_capability(const std::string& path) {
    vfs_cap_data capability{};
    capability.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
    capability.data[0].permitted = 1U << CAP_NET_RAW;
    return setxattr(path.c_str(), "security.capability", &capability, sizeof capability, 0) == 0;
  }

  [[nodiscard]] static std::string for_nobody(const std::string& path) {
    return as_nobody([&] { return privileges(path); });
  }

  [[nodiscard]] static std::string for_nobody_without_new_privileges(const std::string& path) {
    return as_nobody([&] {
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      return privileges(path);
    });
  }

  TemporaryFolder folder_;
};

TEST_F(PrivilegesTest, SetuidAndSetgidOfAnotherUserCount) {
  EXPECT_EQ(for_nobody(program(0, 04755)), "setuid");
  EXPECT_EQ(for_nobody(program(0, 02755)), "setgid");
  EXPECT_EQ(for_nobody(program(0, 06755)), "setuid");
  EXPECT_EQ(privileges(program(nobody, 04755)), "setuid");  // root becomes nobody
  EXPECT_EQ(privileges(program(nobody, 02755)), "setgid");
}

TEST_F(PrivilegesTest, WhereNothingIsGainedTheyDoNot) {
  EXPECT_EQ(for_nobody(program(0, 0755)), "");
  EXPECT_EQ(for_nobody(program(nobody, 06755)), "");
  EXPECT_EQ(for_nobody(program(0, 02745)), "");  // setgid without the group's x has another meaning (inode(7))
  EXPECT_EQ(privileges(program(0, 06755)), "");
  EXPECT_EQ(privileges(folder_ / "missing"), "");
}

TEST_F(PrivilegesTest, FileCapabilitiesCountForOrdinaryUsers) {
  const std::string path = program(0, 0755);
  REQUIRE_OR_SKIP(give_capability(path), "this needs a file system that keeps file capabilities");
  EXPECT_EQ(for_nobody(path), "given file capabilities");
  EXPECT_EQ(privileges(path), "");
}

TEST_F(PrivilegesTest, UnderNoNewPrivsSetuidHasNoEffect) {
  EXPECT_EQ(for_nobody_without_new_privileges(program(0, 06755)), "");
}

// The kernel gives no rights then, but the loader still ignores LD_PRELOAD (tried on Linux 6).
TEST_F(PrivilegesTest, UnderNoNewPrivsFileCapabilitiesStillKeepTheLibraryOut) {
  const std::string path = program(0, 0755);
  REQUIRE_OR_SKIP(give_capability(path), "this needs a file system that keeps file capabilities");
  EXPECT_EQ(for_nobody_without_new_privileges(path), "given file capabilities");
}

TEST_F(PrivilegesTest, OnAFileSystemThatIsMountedNosuidNothingCounts) {
  const std::string mounted = folder_ / "mounted";
  ASSERT_EQ(mkdir(mounted.c_str(), 0755), 0);
  REQUIRE_OR_SKIP(mount("none", mounted.c_str(), "tmpfs", MS_NOSUID, "mode=755") == 0, "this needs the right to mount");
  const std::string path = folder_.file("mounted/program", elf64({}));
  EXPECT_EQ(chmod(path.c_str(), 04755), 0);
  static_cast<void>(give_capability(path));
  EXPECT_EQ(for_nobody(path), "");
  EXPECT_EQ(umount(mounted.c_str()), 0);
}

TEST_F(PrivilegesTest, AScriptsOwnBitsDoNotCountButItsInterpretersDo) {
  const auto found = [](const std::string& path) {
    return as_nobody([&] { return inspect(path, {path}).privileges; });
  };
  EXPECT_EQ(found(program(0, 06755, "#!" + folder_.file("interpreter", elf64({})) + "\n")), "");
  const std::string interpreter = program(0, 04755);
  EXPECT_EQ(found(folder_.file("script", "#!" + interpreter + "\n")), "setuid");
}

TEST_F(PrivilegesTest, AFileThatCanNotBeReadHasOnlyItsMode) {
  EXPECT_EQ(for_nobody(program(0, 0711)), "");
  EXPECT_EQ(for_nobody(program(0, 04711)), "setuid");
  const std::string path = program(0, 0711);
  EXPECT_EQ(as_nobody([&] { return inspect(path, {path}).detail; }), "not readable");
}

TEST_F(PrivilegesTest, AFilterCostsNothingWithTheCapabilityOrWithoutNewPrivileges) {
  const auto answer = [] { return std::string(can_filter_without_loss() ? "yes" : "no"); };
  EXPECT_EQ(as_nobody(answer), "no");
  EXPECT_EQ(as_nobody([&] {
              prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
              return answer();
            }),
            "yes");
}

}  // namespace
}  // namespace keepalive::command
