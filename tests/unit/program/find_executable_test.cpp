#include "command/program/find_executable.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "support/error_of.h"
#include "support/other_user.h"
#include "support/requirements.h"
#include "support/temporary_folder.h"

namespace keepalive::command {
namespace {

using namespace support;

/// Sets PATH as long as this object lives. Null: PATH is not set.
class SearchPath {
 public:
  explicit SearchPath(const char* value) {
    const char* const before = std::getenv("PATH");
    if (before != nullptr) before_ = before;
    if (value != nullptr) {
      setenv("PATH", value, 1);
    } else {
      unsetenv("PATH");
    }
  }
  SearchPath(const SearchPath&) = delete;
  SearchPath& operator=(const SearchPath&) = delete;
  ~SearchPath() { setenv("PATH", before_.c_str(), 1); }

 private:
  std::string before_;
};

class FindTest : public testing::Test {
 protected:
  [[nodiscard]] static std::string error_for(const std::string& program) {
    return error_of([&] { find_executable(program); });
  }

  TemporaryFolder folder_;
};

TEST_F(FindTest, ANameIsSearchedForInTheOrderOfThePath) {
  const TemporaryFolder second;
  const std::string path = "/nonexistent:" + folder_.path() + ":" + second.path();
  const SearchPath set(path.c_str());
  const std::string both = folder_.file("both", "");
  const std::string also = second.file("both", "");
  const std::string only = second.file("only", "");
  EXPECT_EQ(find_executable("both"), both);
  EXPECT_EQ(find_executable("only"), only);
}

TEST_F(FindTest, WhatCanNotBeExecutedIsPassedOver) {
  const TemporaryFolder second;
  const std::string path = folder_.path() + ":" + second.path();
  const SearchPath set(path.c_str());
  const std::string data = folder_.file("program", "", 0644);
  std::filesystem::create_directory(folder_ / "folder");
  const std::string program = second.file("program", "");
  const std::string folder = second.file("folder", "");
  EXPECT_EQ(find_executable("program"), program);
  EXPECT_EQ(find_executable("folder"), folder);
}

TEST_F(FindTest, APathIsTakenAsItIs) {
  const SearchPath set(folder_.path().c_str());
  const std::string program = folder_.file("program", "");
  EXPECT_EQ(find_executable(program), program);
  EXPECT_EQ(find_executable("/bin/sh"), "/bin/sh");
  EXPECT_EQ(error_for("./program"), "127: there is no program './program'");
}

TEST_F(FindTest, AnEmptyElementIsTheWorkingFolder) {
  const std::string before = std::filesystem::current_path();
  const std::string program = folder_.file("program", "");
  std::filesystem::current_path(folder_.path());
  for (const char* path : {"", ":/nonexistent", "/nonexistent:", "/nonexistent::/nonexistent"}) {
    const SearchPath set(path);
    EXPECT_EQ(find_executable("program"), "./program") << path;
  }
  std::filesystem::current_path(before);
}

TEST_F(FindTest, WithoutAPathItIsTheSystems) {
  const SearchPath set(nullptr);
  EXPECT_EQ(find_executable("sh"), "/bin/sh");
}

TEST_F(FindTest, WhatIsNotThereIsAnErrorOfItsOwn) {
  const SearchPath set(folder_.path().c_str());
  EXPECT_EQ(error_for("program"), "127: there is no program 'program'");
  EXPECT_EQ(error_for(""), "127: there is no program ''");
  EXPECT_EQ(error_for("\xe2\x80\x93idle"),
            "127: there is no program '???idle'; it begins with a dash that is not the - of options");
  EXPECT_EQ(error_for("\xe2\x80\x93idle=5"),
            "127: there is no program '???idle=5'; it begins with a dash that is not the - of options");
  EXPECT_EQ(error_for("=5"), "127: there is no program '=5'");
  EXPECT_EQ(error_for("KEEPIDLE=5"),
            "127: there is no program 'KEEPIDLE=5'; put a variable in front: KEEPIDLE=5 keepalive run ...");
  const std::string missing = folder_ / "missing/program";
  EXPECT_EQ(error_for(missing), "127: there is no program '" + missing + "'");
  std::filesystem::create_directory(folder_ / "folder");
  EXPECT_EQ(error_for("folder"), "127: there is no program 'folder'");
  const SearchPath elsewhere("/nonexistent");
  const std::string before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  const std::string here = folder_.file("here", "");
  EXPECT_EQ(error_for("here"), "127: there is no program 'here' in PATH; did you mean ./here?");
  EXPECT_EQ(error_for("folder"), "127: there is no program 'folder'");
  std::filesystem::current_path(before);
}

TEST_F(FindTest, WhatIsThereButCanNotBeExecutedIsAnother) {
  const SearchPath set(folder_.path().c_str());
  const std::string data = folder_.file("data", "", 0644);
  EXPECT_EQ(error_for("data"), "126: 'data' is not executable");
  EXPECT_EQ(error_for(data), "126: '" + data + "' is not executable");
  EXPECT_EQ(error_for(folder_.path()), "126: '" + folder_.path() + "': Is a directory");
}

TEST_F(FindTest, AFolderThatMayNotBeSearchedIsNamedAsTheReason) {
  REQUIRE_ROOT();
  const std::string program = folder_.file("program", "");
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0700));
  EXPECT_EQ(as_nobody([&] { return error_for(program); }), "126: '" + program + "': Permission denied");
}

}  // namespace
}  // namespace keepalive::command
