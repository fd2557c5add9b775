/// @file
/// `keepalive run`: what is refused, and what --anyway runs all the same.
#include <elf.h>
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "command/program/privileges.h"
#include "run.h"
#include "support/other_user.h"
#include "support/requirements.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;

/// A program that this way does not reach is refused, with a reason that names it.
void expect_refused(const std::string& program, const std::string& why, const std::vector<std::string>& options,
                    const std::vector<std::string>& arguments = {}) {
  EXPECT_EQ(
      failure_of(run_with(options, joined({program}, arguments))),
      "125: keepalive run: '" + find_program(program) + "' is " + why + " (--anyway runs it without keepalive)\n");
}

constexpr char no_library[] = ": no library can be preloaded; --supervise reaches it";

TEST(RunRefuses, ToPreloadIntoAStaticProgramUnlessAnyway) {
  REQUIRE_PROGRAM("busybox");
  expect_refused("busybox", std::string("statically linked") + no_library, {"--preload"}, {"echo", "run"});
  EXPECT_EQ(failure_of(run_with({"--preload", "--anyway"}, {"busybox", "echo", "run"})),
            "run\n0: keepalive run: '" + find_program("busybox") + "' is statically linked" + no_library +
                "; running it without keepalive\n");
}

TEST(RunRefuses, ToPreloadIntoAGoProgramUnlessAnyway) {
  REQUIRE_PROGRAM("gron");
  expect_refused("gron", std::string("a Go program") + no_library, {"--preload"}, {"--version"});
  EXPECT_EQ(run_with({"--preload", "--anyway"}, {"gron", "--version"}).out, run({{"gron", "--version"}, {}}).out);
}

TEST(RunRefuses, ToPreloadIntoAProgramThatWouldEnd) {
  const std::string program = programs + "/check-address";
  expect_refused(program, "built with AddressSanitizer: it ends if a library is preloaded; --supervise reaches it",
                 {"--preload"});
  const Outcome anyway = run_with({"--preload", "--anyway"}, {program});
  EXPECT_EQ(anyway.out, "SO_KEEPALIVE is OFF\n") << anyway.err;
}

TEST(RunRefuses, TwoWaysAtOnce) {
  for (const auto& options :
       std::vector<std::vector<std::string>>{{"--preload", "--supervise"}, {"--supervise", "--anyway", "--preload"}}) {
    EXPECT_EQ(failure_of(run_with(options, {"echo", "run"})),
              "2: keepalive run: --preload and --supervise cannot be combined; see keepalive run --help\n");
  }
  EXPECT_EQ(run_with({"--preload", "--preload"}, {"echo", "run"}).out, "run\n");
}

TEST(RunRefuses, ToPreloadIntoAScriptOfAStaticInterpreter) {
  REQUIRE_PROGRAM("busybox");
  const TemporaryFolder folder;
  const std::string script = folder.file("script", "#!" + find_program("busybox") + " sh\necho run\n");
  EXPECT_EQ(failure_of(run_with({"--preload"}, {script})), "125: keepalive run: '" + find_program("busybox") +
                                                               "' is statically linked" + no_library +
                                                               " (--anyway runs it without keepalive)\n");
}

TEST(RunRefuses, AProgramForAnotherMachine) {
  std::string content = content_of(find_program("true"));
  content[offsetof(Elf64_Ehdr, e_machine)] = static_cast<char>(EM_RISCV);
  content[offsetof(Elf64_Ehdr, e_machine) + 1] = 0;
  const TemporaryFolder folder;
  const std::string program = folder.file("program", content);
  EXPECT_THAT(failure_of(run_with({"--preload"}, {program})),
              testing::MatchesRegex("125: keepalive run: '" + program +
                                    "' is .* code for ELF machine 243, and the library is .* code: no library can be "
                                    "preloaded; --supervise reaches it \\(--anyway runs it without keepalive\\)\n"));
  EXPECT_EQ(failure_of(run_with({}, {program})),
            "126: keepalive run: '" + program + "' cannot be executed: Exec format error\n");
}

class SetuidTest : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_ROOT();
    REQUIRE_PROGRAM("setpriv");
    ASSERT_EQ(chown(program_.c_str(), owner, owner), 0);
    ASSERT_EQ(chmod(program_.c_str(), 04755), 0);
  }

  /// The command with these options and the setuid program, as nobody.
  [[nodiscard]] Outcome run_as_nobody(const std::vector<std::string>& options,
                                      const std::vector<std::string>& more_setpriv = {}) const {
    const std::vector<std::string> setpriv{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    return run({joined(joined(setpriv, more_setpriv), keepalive_command(run_arguments(options, {program_}))),
                tolerant_sanitizer});
  }

  static constexpr unsigned owner = 65533;

  TemporaryFolder folder_;
  std::string program_ = folder_.file("check", content_of(check));
};

TEST_F(SetuidTest, IsRefusedToAnOrdinaryUserWithWhatHelps) {
  for (const auto& options : std::vector<std::vector<std::string>>{{}, {"--preload"}, {"--supervise"}}) {
    EXPECT_EQ(failure_of(run_as_nobody(options)),
              "125: keepalive run: '" + program_ +
                  "' is setuid: the loader ignores LD_PRELOAD for it, and a supervisor would take its rights away; "
                  "start it as root (sudo keepalive run ... " +
                  program_ +
                  "), or reach all that this shell starts (sudo keepalive attach ... $$) (--anyway runs it without "
                  "keepalive)\n");
  }
}

TEST_F(SetuidTest, IsRefusedBehindALauncherToo) {
  REQUIRE_PROGRAM("sudo");
  EXPECT_THAT(failure_of(run({command_as_nobody({keepalive_path, "run", "env", "A=1", "nice", "sudo", program_}),
                              tolerant_sanitizer})),
              testing::MatchesRegex("125: keepalive run: '.*/sudo' is setuid: .*; put keepalive behind it: sudo ... "
                                    "keepalive run ... COMMAND .--anyway runs it without keepalive.\n"));
}

TEST_F(SetuidTest, RunsAnywayWithItsRightsAndALine) {
  for (const auto& options :
       std::vector<std::vector<std::string>>{{"--anyway"}, {"--anyway", "--preload"}, {"--anyway", "--supervise"}}) {
    const Outcome outcome = run_as_nobody(options);
    EXPECT_EQ(outcome.out, "SO_KEEPALIVE is OFF\n");
    EXPECT_THAT(outcome.err,
                testing::MatchesRegex("keepalive run: '.*' is setuid: .*; running it without keepalive\n"));
  }
}

TEST_F(SetuidTest, HasKeepaliveFromRootsSupervisor) {
  REQUIRE_OR_SKIP(keepalive::command::can_filter_without_loss(), "this needs CAP_SYS_ADMIN");
  for (const auto& options : std::vector<std::vector<std::string>>{{}, {"--supervise"}}) {
    EXPECT_EQ(run_with(options, {program_}).out.substr(0, 18), "SO_KEEPALIVE is ON");
  }
  EXPECT_EQ(failure_of(run_with({"--preload"}, {program_})),
            "125: keepalive run: '" + program_ +
                "' is setuid: the loader ignores LD_PRELOAD for it; --supervise reaches it (--anyway runs it without "
                "keepalive)\n");
}

TEST_F(SetuidTest, IsAProgramLikeOthersWhereSetuidHasNoEffect) {
  EXPECT_EQ(failure_of(run_as_nobody({}, {"--no-new-privs"})).substr(0, 18), "SO_KEEPALIVE is ON");
}

// The loader ignores LD_PRELOAD for it though no right is given.
TEST_F(SetuidTest, FileCapabilitiesWithoutEffectNeedTheSupervisor) {
  vfs_cap_data capability{};
  capability.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
  capability.data[0].permitted = 1U << CAP_NET_RAW;
  ASSERT_EQ(chmod(program_.c_str(), 0755), 0);
  REQUIRE_OR_SKIP(setxattr(program_.c_str(), "security.capability", &capability, sizeof capability, 0) == 0,
                  "this needs a file system that keeps file capabilities");
  EXPECT_EQ(run_as_nobody({}).status, 125);
  EXPECT_EQ(failure_of(run_as_nobody({}, {"--no-new-privs"})).substr(0, 18), "SO_KEEPALIVE is ON");
}

TEST(RunRefuses, WhatIsNotExecutableWith126) {
  const TemporaryFolder folder;
  const std::string data = folder.file("data", "text\n", 0644);
  EXPECT_EQ(failure_of(run_with({}, {data})), "126: keepalive run: '" + data + "' is not executable\n");
  EXPECT_EQ(failure_of(run_with({"--anyway"}, {data})), "126: keepalive run: '" + data + "' is not executable\n");
}

TEST(RunRefuses, WhatIsNotThereWith127) {
  EXPECT_EQ(failure_of(run_with({}, {"no-such-program"})),
            "127: keepalive run: there is no program 'no-such-program'\n");
}

// The kernel tells the error alone, as if the script were not there.
TEST(RunRefuses, AMissingInterpreterOrLoaderByItsName) {
  const TemporaryFolder folder;
  const std::string missing = folder / "missing/interpreter";
  const auto failure = [&](const std::string& content) {
    return failure_of(run_with({}, {folder.file("script", content)}));
  };
  const std::string start = ": keepalive run: '" + folder / "script" + "' needs the ";
  EXPECT_EQ(failure("#!" + missing + "\n"),
            "127" + start + "interpreter '" + missing + "': No such file or directory\n");
  const std::string inner = folder.file("inner", "#! " + missing + " -x\n");
  EXPECT_EQ(failure("#!" + inner + "\n"), "127" + start + "interpreter '" + missing + "': No such file or directory\n");
  EXPECT_EQ(failure("#!/bin/sh\r\n"), "127" + start +
                                          "interpreter '/bin/sh?' (the line ends in CR LF; write it with LF alone): No "
                                          "such file or directory\n");
  const std::string data = folder.file("data", "text\n", 0644);
  EXPECT_EQ(failure("#!" + data + "\n"), "126" + start + "interpreter '" + data + "': Permission denied\n");
  std::string program = content_of(check);
  const std::size_t loader = program.find("/ld-");
  ASSERT_NE(loader, std::string::npos);
  program[loader + 1] = 'L';
  EXPECT_THAT(failure(program),
              testing::MatchesRegex("127" + start + "loader '/lib.*/Ld-.*': No such file or directory\n"));
}

TEST(RunRefuses, AWrongCommandLineWith2BeforeAnythingRuns) {
  struct Case {
    std::vector<std::string> options;
    const char* message;
  };
  const Case cases[]{
      {{"--idle", "0"}, "--idle '0': not a whole number of seconds from 1 to 32767, or a time such as 90s, 2m, 1h"},
      {{"--unknown"}, "unknown option --unknown; see keepalive run --help"},
      {{"--force=yes"}, "--force takes no value; see keepalive run --help"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(failure_of(run_with(one.options, {"echo", "run"})),
              std::string("2: keepalive run: ") + one.message + "\n");
  }
  EXPECT_EQ(failure_of(run_with({"--idle"}, {})), "2: keepalive run: --idle needs a value; see keepalive run --help\n");
  for (const auto& options : std::vector<std::vector<std::string>>{{}, {"--force"}, {"--"}, {"--idle", "5"}}) {
    EXPECT_EQ(failure_of(run_with(options, {})), "2: keepalive run: missing command; see keepalive run --help\n");
  }
}

}  // namespace
