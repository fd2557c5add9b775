/// @file
/// `keepalive run`: where it finds the preload library.
#include <gmock/gmock.h>

#include <filesystem>

#include "run.h"
#include "support/other_user.h"
#include "support/requirements.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::HasSubstr;
namespace fs = std::filesystem;

class InstalledTest : public testing::Test {
 protected:
  void SetUp() override { REQUIRE_PROGRAM("cmake"); }

  /// Installs command and library under a folder of this name. With DESTDIR the machine's own loader is left alone.
  void install(const std::string& name) const {
    const Outcome outcome =
        run({{"cmake", "--install", KEEPALIVE_BUILD, "--prefix", "/" + name}, {{"DESTDIR", folder_.path()}}});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
  }

  /// What the command puts into LD_PRELOAD.
  static std::string preload_of(const std::string& command) {
    return run({{command, "run", "printenv", "LD_PRELOAD"}, {}}).out;
  }

  static void expect_library_in(const std::string& prefix, const std::string& preload) {
    EXPECT_EQ(preload.rfind(prefix + "/", 0), 0U) << preload;
    EXPECT_TRUE(fs::is_regular_file(preload.substr(0, preload.size() - 1))) << preload;
  }

  TemporaryFolder folder_;
};

TEST_F(InstalledTest, TheLibraryIsFoundInTheBuildFolder) { EXPECT_EQ(preload_of(keepalive_path), library + "\n"); }

TEST_F(InstalledTest, AndInAnyPrefixWhereverThatIsMoved) {
  install("prefix");
  expect_library_in(folder_ / "prefix", preload_of(folder_ / "prefix/bin/keepalive"));
  fs::rename(folder_ / "prefix", folder_ / "moved");
  expect_library_in(folder_ / "moved", preload_of(folder_ / "moved/bin/keepalive"));
  fs::create_symlink(folder_ / "moved/bin/keepalive", folder_ / "link");
  expect_library_in(folder_ / "moved", preload_of(folder_ / "link"));
}

TEST_F(InstalledTest, WithoutItNothingThatNeedsItIsRunUnlessAnyway) {
  install("prefix");
  const std::string command = folder_ / "prefix/bin/keepalive";
  const std::string preload = preload_of(command);
  const std::string path = preload.substr(0, preload.size() - 1);
  fs::remove(path);
  const std::string message = "keepalive run: there is no library for this command: '" + path +
                              "' is missing; install both together; --supervise needs no library";
  EXPECT_EQ(failure_of(run({{command, "run", check}, {}})),
            "125: " + message + " (--anyway runs it without keepalive)\n");
  EXPECT_EQ(failure_of(run({{command, "run", "--anyway", check}, {}})),
            "SO_KEEPALIVE is OFF\n0: " + message + "; running it without keepalive\n");
  EXPECT_THAT(run({{command, "run", "--supervise", check}, {}}).out, testing::StartsWith("SO_KEEPALIVE is ON\n"));
  const std::string static_program = programs + "/check-static";
  EXPECT_THAT(failure_of(run({{command, "run", static_program}, {}})), testing::StartsWith("SO_KEEPALIVE is ON\n"));
}

TEST_F(InstalledTest, ALibraryThatCanNotBeReadIsNotCalledMissing) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("setpriv");
  install("prefix");
  const std::string command = folder_ / "prefix/bin/keepalive";
  const std::string preload = preload_of(command);
  const std::string path = preload.substr(0, preload.size() - 1);
  const std::string copy = folder_.file("check", content_of(check));
  fs::permissions(path, fs::perms(0600));
  EXPECT_EQ(failure_of(run({command_as_nobody({command, "run", copy}), {}})),
            "125: keepalive run: the library '" + path +
                "' cannot be read: Permission denied; --supervise needs no library (--anyway runs it without "
                "keepalive)\n");
}

TEST_F(InstalledTest, APathThatLdPreloadCanNotNameIsRefused) {
  for (const std::string name : {"two words", "a:b"}) {
    install(name);
    EXPECT_THAT(failure_of(run({{folder_ / name + "/bin/keepalive", "run", check}, {}})),
                testing::MatchesRegex("125: keepalive run: LD_PRELOAD cannot name '" + folder_ / name +
                                      "/.*libkeepalive.so', because of the space or colon in it; install to another "
                                      "folder; --supervise needs no library.*\n"));
  }
}

TEST_F(InstalledTest, WorksForOrdinaryUsers) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("setpriv");
  install("prefix");
  const std::string copy = folder_.file("check", content_of(check));
  EXPECT_THAT(run({command_as_nobody({folder_ / "prefix/bin/keepalive", "run", copy}), {}}).out,
              HasSubstr("SO_KEEPALIVE is ON"));
}

}  // namespace
