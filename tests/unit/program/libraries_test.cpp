/// @file
/// Which programs make sockets: by their own imports, or by those of the libraries that they need.
#include "command/program/libraries.h"

#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "command/program/elf.h"
#include "command/program/loader_cache.h"
#include "support/preload.h"
#include "support/requirements.h"
#include "support/temporary_folder.h"

namespace keepalive::command {
namespace {

using namespace support;

constexpr char opens_socket[] = R"(#include <sys/socket.h>
int open_one() { return socket(AF_INET, SOCK_STREAM, 0); }
)";

class LibrariesTest : public testing::Test {
 protected:
  void SetUp() override { REQUIRE_PROGRAM("gcc"); }

  /// Compiles `source` with these arguments to a file of this name.
  [[nodiscard]] std::string build(const std::string& name, const std::string& source,
                                  const std::vector<std::string>& arguments) const {
    std::filesystem::create_directories(std::filesystem::path(folder_ / name).parent_path());
    const std::vector<std::string> gcc{"gcc", "-o", folder_ / name, folder_.file("source.c", source)};
    const Outcome outcome = run({joined(gcc, arguments), {}, folder_.path()});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return folder_ / name;
  }

  [[nodiscard]] std::string library(const std::string& name, const std::string& source,
                                    const std::vector<std::string>& arguments = {}) const {
    const std::string soname = std::filesystem::path(name).filename();
    return build(name, source, joined({"-shared", "-fPIC", "-Wl,--no-as-needed", "-Wl,-soname," + soname}, arguments));
  }

  /// A program that needs the library; `arguments` tell where it is found when it runs.
  [[nodiscard]] std::string program_with(const std::string& library, const std::vector<std::string>& arguments) const {
    return build("bin/program", "int main() { return 0; }\n",
                 joined({"-Wl,--no-as-needed", library, "-Wl,--allow-shlib-undefined"}, arguments));
  }

  [[nodiscard]] static bool makes_sockets_at(const std::string& path) { return makes_sockets(*read_elf(path), path); }

  TemporaryFolder folder_;
};

TEST_F(LibrariesTest, EachInterposedCallCountsInEachFormOfTheHashTable) {
  for (const std::string style : {"sysv", "gnu", "both"}) {
    for (const std::string call :
         {"socket(2, 1, 0)", "connect(0, 0, 0)", "listen(0, 1)", "accept(0, 0, 0)", "accept4(0, 0, 0, 0)"}) {
      const std::string source = "#define _GNU_SOURCE\n#include <sys/socket.h>\nint main() { return " + call + "; }\n";
      for (const std::string exports : {"", "-rdynamic"}) {
        std::vector<std::string> arguments{"-Wl,--hash-style=" + style};
        if (!exports.empty()) arguments.push_back(exports);
        EXPECT_TRUE(makes_sockets_at(build("program", source, arguments))) << style << call << exports;
      }
    }
    for (const char* source : {"int main() { return 0; }\n", "#include <stdio.h>\nint main() { return puts(\"\"); }\n",
                               "#include <sys/socket.h>\nint main() { return shutdown(0, 0); }\n"}) {
      EXPECT_FALSE(makes_sockets_at(build("program", source, {"-Wl,--hash-style=" + style}))) << style << source;
    }
  }
}

TEST_F(LibrariesTest, AProgramThatOpensLibrariesMayMakeSockets) {
  for (const char* call : {"dlopen(\"x\", 1)", "dlsym(0, \"x\")"}) {
    const std::string source = std::string("#include <dlfcn.h>\nint main() { return ") + call + " != 0; }\n";
    EXPECT_TRUE(makes_sockets_at(build("program", source, {"-ldl"}))) << call;
  }
}

// What it defines itself, it does not take from libc.
TEST_F(LibrariesTest, AFunctionOfTheProgramsOwnDoesNotCount) {
  EXPECT_FALSE(makes_sockets_at(build("program", "int listen() { return 0; }\nint main() { return listen(); }\n",
                                      {"-rdynamic", "-fno-builtin"})));
}

TEST_F(LibrariesTest, SectionHeadersAreNotNeeded) {
  const std::string path = build("program", std::string(opens_socket) + "int main() { return open_one(); }\n", {});
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(offsetof(Elf64_Ehdr, e_shoff));
  file << std::string(sizeof(Elf64_Ehdr::e_shoff), '\0');
  file.close();
  EXPECT_TRUE(makes_sockets_at(path));
}

TEST_F(LibrariesTest, ANeededLibraryCountsWhereverTheLoaderFindsIt) {
  const std::string with = library("lib/libuser.so", opens_socket);
  for (const std::string tags : {"--enable-new-dtags", "--disable-new-dtags"}) {
    for (const std::string& folder :
         {folder_ / "lib", std::string("$ORIGIN/../lib"), std::string("${ORIGIN}/../lib")}) {
      EXPECT_TRUE(makes_sockets_at(program_with(with, {"-Wl," + tags, "-Wl,-rpath," + folder}))) << tags << folder;
    }
  }
  const std::string without = library("lib/libuser.so", "int nothing;\n");
  EXPECT_FALSE(makes_sockets_at(program_with(without, {"-Wl,-rpath,$ORIGIN/../lib"})));
  const std::string program = program_with(without, {});
  setenv("LD_LIBRARY_PATH", ("/nonexistent:" + (folder_ / "lib")).c_str(), 1);
  EXPECT_FALSE(makes_sockets_at(program));
  static_cast<void>(library("lib/libuser.so", opens_socket));
  EXPECT_TRUE(makes_sockets_at(program));
  unsetenv("LD_LIBRARY_PATH");
}

TEST_F(LibrariesTest, OriginIsTheFolderOfTheFileAndNotOfALinkToIt) {
  const std::string without = library("lib/libuser.so", "int nothing;\n");
  const std::string program = program_with(without, {"-Wl,-rpath,$ORIGIN/../lib"});
  std::filesystem::create_symlink(program, folder_ / "link");
  EXPECT_FALSE(makes_sockets_at(folder_ / "link"));
}

TEST_F(LibrariesTest, WhatALibraryNeedsCountsToo) {
  const std::string inner = library("inner/libinner.so", opens_socket);
  const std::string outer = library("lib/libouter.so", "int nothing;\n", {inner, "-Wl,-rpath,$ORIGIN/../inner"});
  EXPECT_TRUE(makes_sockets_at(program_with(outer, {"-Wl,-rpath,$ORIGIN/../lib"})));
  static_cast<void>(library("inner/libinner.so", "int nothing;\n"));
  EXPECT_FALSE(makes_sockets_at(program_with(outer, {"-Wl,-rpath,$ORIGIN/../lib"})));
}

TEST_F(LibrariesTest, LibrariesThatNeedEachOtherAreLookedAtOnce) {
  const std::string first = library("lib/libfirst.so", "int first;\n");
  const std::string second = library("lib/libsecond.so", "int second;\n", {first, "-Wl,-rpath,$ORIGIN"});
  static_cast<void>(library("lib/libfirst.so", "int first;\n", {second, "-Wl,-rpath,$ORIGIN"}));
  EXPECT_FALSE(makes_sockets_at(program_with(second, {"-Wl,-rpath,$ORIGIN/../lib"})));
}

TEST_F(LibrariesTest, AMissingLibraryRulesNothingOut) {
  const std::string without = library("lib/libuser.so", "int nothing;\n");
  const std::string program = program_with(without, {});
  EXPECT_TRUE(makes_sockets_at(program));
}

TEST_F(LibrariesTest, OfLibcNothingCounts) {
  // libresolv asks name servers; a program that needs it does not connect itself.
  EXPECT_FALSE(makes_sockets_at(
      build("program", "int main() { return 0; }\n", {"-Wl,--no-as-needed", "-lresolv", "-lm", "-lpthread", "-ldl"})));
}

TEST(LoaderCache, FindsWhatLdconfigLists) {
  REQUIRE_PROGRAM("ldconfig");
  LoaderCache cache;
  const std::vector<std::string> paths = cache.paths_of("libc.so.6");
  EXPECT_FALSE(paths.empty());
  for (const std::string& path : paths) EXPECT_TRUE(std::filesystem::exists(path)) << path;
  EXPECT_TRUE(cache.paths_of("libno-such-library.so.1").empty());
}

TEST(LoaderCache, ReadsNonsenseToTheEnd) {
  const TemporaryFolder folder;
  std::ostringstream whole;
  whole << std::ifstream("/etc/ld.so.cache", std::ios::binary).rdbuf();
  for (const std::size_t size : {0U, 10U, 20U, 30U, 48U, 60U, 1000U}) {
    LoaderCache cut(folder.file("cache", whole.str().substr(0, size)));
    EXPECT_TRUE(cut.paths_of("libc.so.6").empty()) << size;
  }
  LoaderCache nonsense(folder.file("cache", "glibc-ld.so.cache1.1" + std::string(5000, '\xff')));
  EXPECT_TRUE(nonsense.paths_of("libc.so.6").empty());
  LoaderCache missing(folder / "missing");
  EXPECT_TRUE(missing.paths_of("libc.so.6").empty());
}

}  // namespace
}  // namespace keepalive::command
