/// @file
/// `keepalive run`: what reaches the program, and what is refused.
#include <elf.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/keepalive_command.h"
#include "support/other_user.h"
#include "support/requirements.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::HasSubstr;
namespace fs = std::filesystem;

const std::string empty_library = KEEPALIVE_EMPTY_LIBRARY;

std::vector<std::string> run_arguments(const std::vector<std::string>& options,
                                       const std::vector<std::string>& program) {
  std::vector<std::string> arguments{"run"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  arguments.insert(arguments.end(), program.begin(), program.end());
  return arguments;
}

Outcome run_with(const std::vector<std::string>& options, const std::vector<std::string>& program,
                 const Environment& environment = {}) {
  return run_keepalive(run_arguments(options, program), environment);
}

Environment parse_environment(const std::string& text) {
  Environment environment;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    environment[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  }
  return environment;
}

/// The whole environment of a program that is run with these options in an environment with these variables.
Environment environment_with(const std::vector<std::string>& options, const Environment& around = {}) {
  const Outcome outcome = run_with(options, {"env"}, around);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return parse_environment(outcome.out);
}

/// What it would be without the command, and these variables.
Environment expected(const Environment& around, const Environment& added) {
  return with(parse_environment(
                  run({{"env"}, with(around, {{"ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0"}})}).out),
              with({{"LD_PRELOAD", library}}, added));
}

// --- the environment of the program ---

TEST(RunEnvironment, HasTheLibraryAndNothingElseWhereNothingIsAskedFor) {
  EXPECT_EQ(environment_with({}), expected({}, {}));
}

struct OptionRow {
  std::vector<std::string> options;
  Environment added;
};

TEST(RunEnvironment, HasWhatEachOptionSays) {
  for (const OptionRow& row : {
           OptionRow{{"--idle", "300"}, {{"KEEPIDLE", "300"}}},
           OptionRow{{"--idle=5m"}, {{"KEEPIDLE", "300"}}},
           OptionRow{{"--idle", "2h"}, {{"KEEPIDLE", "7200"}}},
           OptionRow{{"--interval", "90s"}, {{"KEEPINTVL", "90"}}},
           OptionRow{{"--count", "4"}, {{"KEEPCNT", "4"}}},
           OptionRow{{"--user-timeout", "500ms"}, {{"KEEPALIVE_USER_TIMEOUT", "500"}}},
           OptionRow{{"--user-timeout", "30s"}, {{"KEEPALIVE_USER_TIMEOUT", "30000"}}},
           OptionRow{{"--user-timeout", "auto"}, {{"KEEPALIVE_USER_TIMEOUT", "auto"}}},
           OptionRow{{"--force"}, {{"KEEPALIVE", "force"}}},
           OptionRow{{"--verbose"}, {{"KEEPALIVE_DEBUG", "1"}}},
           OptionRow{{"--anyway"}, {}},
           OptionRow{{"--"}, {}},
           OptionRow{{"--idle", "1", "--idle", "2"}, {{"KEEPIDLE", "2"}}},
           OptionRow{
               {"--count", "4", "--idle", "2m", "--interval=30", "--user-timeout=auto", "--force", "--verbose", "--"},
               {{"KEEPCNT", "4"},
                {"KEEPIDLE", "120"},
                {"KEEPINTVL", "30"},
                {"KEEPALIVE_USER_TIMEOUT", "auto"},
                {"KEEPALIVE", "force"},
                {"KEEPALIVE_DEBUG", "1"}}},
       }) {
    EXPECT_EQ(environment_with(row.options), expected({}, row.added)) << testing::PrintToString(row.options);
  }
}

TEST(RunEnvironment, KeepsWhatIsThereUnlessAnOptionSaysOtherwise) {
  const Environment around{{"KEEPIDLE", "77"},
                           {"KEEPCNT", "7"},
                           {"KEEPALIVE_USER_TIMEOUT", "auto"},
                           {"KEEPALIVE_DEBUG", "0"},
                           {"OTHER", ""}};
  EXPECT_EQ(environment_with({}, around), expected(around, {}));
  EXPECT_EQ(environment_with({"--idle", "5", "--verbose"}, around),
            expected(around, {{"KEEPIDLE", "5"}, {"KEEPALIVE_DEBUG", "1"}}));
}

TEST(RunEnvironment, ABadValueAroundIsNoMatterWhereAnOptionReplacesIt) {
  EXPECT_EQ(environment_with({"--idle", "5"}, {{"KEEPIDLE", "60s"}}), expected({}, {{"KEEPIDLE", "5"}}));
  EXPECT_EQ(environment_with({"--force"}, {{"KEEPALIVE", "maybe"}}), expected({}, {{"KEEPALIVE", "force"}}));
  EXPECT_EQ(environment_with({"--verbose"}, {{"KEEPALIVE_DEBUG", "x"}}), expected({}, {{"KEEPALIVE_DEBUG", "1"}}));
}

TEST(RunEnvironment, OffAroundIsTurnedOnForWhoeverRunsThis) {
  for (const char* off : {"off", "OFF"}) {
    EXPECT_EQ(environment_with({}, {{"KEEPALIVE", off}}), expected({}, {{"KEEPALIVE", "on"}}));
    EXPECT_EQ(environment_with({"--force"}, {{"KEEPALIVE", off}}), expected({}, {{"KEEPALIVE", "force"}}));
  }
  EXPECT_EQ(environment_with({}, {{"KEEPALIVE", "force"}}), expected({}, {{"KEEPALIVE", "force"}}));
  EXPECT_EQ(environment_with({}, {{"KEEPALIVE", ""}}), expected({}, {{"KEEPALIVE", ""}}));
}

TEST(RunEnvironment, OtherPreloadLibrariesStayBehindThisOne) {
  const auto preload_with = [](const std::string& around) {
    return environment_with({}, {{"LD_PRELOAD", around}})["LD_PRELOAD"];
  };
  EXPECT_EQ(preload_with(""), library);
  EXPECT_EQ(preload_with(empty_library), library + ":" + empty_library);
  EXPECT_EQ(preload_with(empty_library + " " + empty_library), library + ":" + empty_library + " " + empty_library);
}

TEST(RunEnvironment, ThisOneIsNotNamedTwice) {
  for (const std::string& around :
       {library, library + ":" + empty_library, empty_library + ":" + library, empty_library + " " + library,
        library + " " + empty_library, ":" + library + ":"}) {
    EXPECT_EQ(environment_with({}, {{"LD_PRELOAD", around}})["LD_PRELOAD"], around);
  }
  const std::string longer = library + ".other";
  EXPECT_EQ(environment_with({}, {{"LD_PRELOAD", longer}})["LD_PRELOAD"], library + ":" + longer);
}

TEST(RunEnvironment, ABadValueAroundEndsItBeforeAnythingRuns) {
  struct Case {
    const char* variable;
    const char* value;
    const char* allowed;
  };
  for (const Case& one :
       {Case{"KEEPIDLE", "60x", "a whole number of seconds from 1 to 32767, or a time such as 90s, 2m, 1h"},
        Case{"KEEPINTVL", "0", "a whole number of seconds from 1 to 32767, or a time such as 90s, 2m, 1h"},
        Case{"KEEPCNT", "128", "a whole number from 1 to 127"},
        Case{"KEEPALIVE_USER_TIMEOUT", "x",
             "a whole number of milliseconds from 1 to 2147483647, or a time such as 500ms, 30s, 2m, or auto"},
        Case{"KEEPALIVE", "maybe", "one of on, off, force"}, Case{"KEEPALIVE_DEBUG", "yes", "0 or 1"}}) {
    EXPECT_EQ(failure_of(run_with({}, {"echo", "run"}, {{one.variable, one.value}})),
              std::string("2: keepalive run: the environment has ") + one.variable + "=" + one.value +
                  ", which is not " + one.allowed + "\n");
  }
  EXPECT_EQ(failure_of(run_with({}, {"echo", "run"}, {{"KEEPALIVE", "off"}, {"KEEPCNT", "0"}})),
            "2: keepalive run: the environment has KEEPCNT=0, which is not a whole number from 1 to 127\n");
}

// --- in place of the command ---

TEST(RunProgram, TakesThePlaceOfTheCommand) {
  Process process({keepalive_command({"run", "sh", "-c", "echo $$ $PPID"}), {}});
  EXPECT_EQ(process.wait().out, std::to_string(process.pid()) + " " + std::to_string(getpid()) + "\n");
}

TEST(RunProgram, ItsExitStatusIsTheProgramsOwn) {
  for (const int status : {0, 1, 2, 42, 125, 126, 127, 255}) {
    const Outcome outcome = run_with({}, {"sh", "-c", "exit " + std::to_string(status)});
    EXPECT_EQ(failure_of(outcome), std::to_string(status) + ": ");
  }
}

TEST(RunProgram, SignalsReachIt) {
  REQUIRE_PROGRAM("perl");
  const char* const script = R"($SIG{USR1} = sub { print "got it\n"; exit 3 }; $| = 1; print "ready\n"; sleep 60)";
  {
    Process process({keepalive_command({"run", "perl", "-e", script}), {}});
    ASSERT_TRUE(process.wait_for_output("ready\n"));
    kill(process.pid(), SIGUSR1);
    EXPECT_EQ(failure_of(process.wait()), "ready\ngot it\n3: ");
  }
  Process process({keepalive_command({"run", "perl", "-e", script}), {}});
  ASSERT_TRUE(process.wait_for_output("ready\n"));
  kill(process.pid(), SIGTERM);
  EXPECT_EQ(process.wait().status, 128 + SIGTERM);
}

TEST(RunProgram, WhatIsIgnoredStaysIgnored) {
  const Outcome outcome =
      run({{"sh", "-c", "trap '' HUP; exec " + keepalive_path + " run sh -c 'kill -HUP $$; echo alive'"}, {}});
  EXPECT_EQ(failure_of(outcome), "alive\n0: ");
}

TEST(RunProgram, StandardInputAndOutputAreItsOwn) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  Process process({keepalive_command({"run", "cat"}), {}});
  process.write(bytes);
  process.close_input();
  const Outcome outcome = process.wait();
  EXPECT_EQ(outcome.out, bytes);
  EXPECT_EQ(outcome.err, "");
}

TEST(RunProgram, InheritsNoDescriptorOfTheCommand) {
  const std::vector<std::string> list{"ls", "/proc/self/fd"};
  EXPECT_EQ(run_with({}, list).out, run({list, {}}).out);
}

TEST(RunProgram, ArgumentsArriveAsTheyAre) {
  EXPECT_EQ(run_with({}, {"printf", "<%s>", "a", "", "b c", "--", "--idle", "--help", "-x", "\n"}).out,
            "<a><><b c><--><--idle><--help><-x><\n>");
  EXPECT_EQ(run_with({"--"}, {"printf", "<%s>", "--idle"}).out, "<--idle>");
}

TEST(RunProgram, IsCalledAsTheUserCalledIt) { EXPECT_EQ(run_with({}, {"sh", "-c", "echo $0"}).out, "sh\n"); }

TEST(RunProgram, HasKeepalive) {
  const Outcome outcome = run_with({"--idle", "3m", "--interval", "1m", "--count", "20"}, {check});
  EXPECT_EQ(failure_of(outcome),
            "SO_KEEPALIVE is ON\nTCP_KEEPCNT   = 20\nTCP_KEEPIDLE  = 180\nTCP_KEEPINTVL = 60\n0: ");
  EXPECT_EQ(run_with({}, {check}, {{"KEEPALIVE", "off"}}).out.substr(0, 18), "SO_KEEPALIVE is ON");
  EXPECT_THAT(run_with({"--verbose"}, {check}).err, HasSubstr(": socket: descriptor 3: SO_KEEPALIVE 1\n"));
}

TEST(RunProgram, AScriptWithoutAnInterpreterGoesToTheShell) {
  const TemporaryFolder folder;
  const std::string script = folder.file("script", "echo from the shell: \"$1\"\n" + check + "\n");
  EXPECT_THAT(run_with({}, {script, "a b"}).out, testing::StartsWith("from the shell: a b\nSO_KEEPALIVE is ON\n"));
}

TEST(RunProgram, AScriptWithAnInterpreterHasKeepalive) {
  const TemporaryFolder folder;
  const std::string script = folder.file("script", "#!/bin/sh\n" + check + "\n");
  EXPECT_THAT(run_with({}, {script}).out, HasSubstr("SO_KEEPALIVE is ON"));
}

// --- what is refused ---

/// A program that this way does not reach is refused, with a reason that names it.
void expect_refused(const std::string& program, const std::string& why, const std::vector<std::string>& options,
                    const std::vector<std::string>& arguments = {}) {
  std::vector<std::string> command{program};
  command.insert(command.end(), arguments.begin(), arguments.end());
  EXPECT_EQ(failure_of(run_with(options, command)),
            "125: keepalive run: '" + find_program(program) + "' is " + why + " (--anyway runs it all the same)\n");
}

constexpr char no_library[] = ": no library can be preloaded there; --supervise reaches it";

TEST(RunRefuses, ToPreloadIntoAStaticProgramUnlessAnyway) {
  REQUIRE_PROGRAM("busybox");
  expect_refused("busybox", std::string("statically linked") + no_library, {"--preload"}, {"echo", "run"});
  EXPECT_EQ(failure_of(run_with({"--preload", "--anyway"}, {"busybox", "echo", "run"})), "run\n0: ");
}

TEST(RunRefuses, ToPreloadIntoAGoProgramUnlessAnyway) {
  REQUIRE_PROGRAM("gron");
  expect_refused("gron", std::string("a Go program") + no_library, {"--preload"}, {"--version"});
  const Outcome anyway = run_with({"--preload", "--anyway"}, {"gron", "--version"});
  EXPECT_EQ(failure_of(anyway), failure_of(run({{"gron", "--version"}, {}})));
}

TEST(RunRefuses, ToPreloadIntoAScriptOfAStaticInterpreter) {
  REQUIRE_PROGRAM("busybox");
  const TemporaryFolder folder;
  const std::string script = folder.file("script", "#!" + find_program("busybox") + " sh\necho run\n");
  EXPECT_EQ(failure_of(run_with({"--preload"}, {script})), "125: keepalive run: '" + find_program("busybox") +
                                                               "' is statically linked" + no_library +
                                                               " (--anyway runs it all the same)\n");
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
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
                                    "preloaded there; --supervise reaches it \\(--anyway runs it all the same\\)\n"));
  EXPECT_EQ(failure_of(run_with({}, {program})),
            "126: keepalive run: '" + program + "' can't be executed: Exec format error\n");
}

TEST(RunRefuses, ASetuidProgramOfAnotherUserUnlessAnyway) {
  REQUIRE_ROOT();
  const TemporaryFolder folder;
  const std::string program = folder.file("program", content_of(find_program("echo")));
  ASSERT_EQ(chown(program.c_str(), nobody, nobody), 0);
  ASSERT_EQ(chmod(program.c_str(), 04755), 0);
  expect_refused(program, "setuid: the loader ignores LD_PRELOAD there; run it as root, or use /etc/ld.so.preload", {},
                 {"run"});
  expect_refused(program, "setuid: a supervisor takes its rights away; run it as root", {"--supervise"}, {"run"});
  EXPECT_EQ(run_with({"--anyway"}, {program, "run"}).out, "run\n");
}

TEST(RunRefuses, WhatIsNotExecutableWith126) {
  const TemporaryFolder folder;
  const std::string data = folder.file("data", "text\n", 0644);
  EXPECT_EQ(failure_of(run_with({}, {data})), "126: keepalive run: '" + data + "' is not executable\n");
  EXPECT_EQ(failure_of(run_with({"--anyway"}, {data})), "126: keepalive run: '" + data + "' is not executable\n");
  EXPECT_EQ(failure_of(run_with({}, {folder.path()})),
            "126: keepalive run: '" + folder.path() + "' is not executable\n");
}

TEST(RunRefuses, WhatIsNotThereWith127) {
  EXPECT_EQ(failure_of(run_with({}, {"no-such-program"})),
            "127: keepalive run: there is no program 'no-such-program'\n");
  const TemporaryFolder folder;
  const std::string missing = folder / "missing/program";
  EXPECT_EQ(failure_of(run_with({}, {missing})), "127: keepalive run: there is no program '" + missing + "'\n");
  const std::string script = folder.file("script", "#!" + folder / "missing/interpreter" + "\n");
  EXPECT_EQ(failure_of(run_with({}, {script})),
            "127: keepalive run: '" + script + "' can't be executed: No such file or directory\n");
}

TEST(RunRefuses, AWrongCommandLineWith2BeforeAnythingRuns) {
  struct Case {
    std::vector<std::string> options;
    const char* message;
  };
  const Case cases[]{
      {{"--idle", "0"}, "--idle '0': not a whole number of seconds from 1 to 32767, or a time such as 90s, 2m, 1h"},
      {{"--interval=9h2"},
       "--interval '9h2': not a whole number of seconds from 1 to 32767, or a time such as 90s, 2m, 1h"},
      {{"--count", "128"}, "--count '128': not a whole number from 1 to 127"},
      {{"--count", "4s"}, "--count '4s': not a whole number from 1 to 127"},
      {{"--interval", "10h"}, "--interval '10h': too long, at most 32767 s (about 9 h)"},
      {{"--user-timeout", "0"},
       "--user-timeout '0': not a time with a unit from 1 ms to 2147483647 ms, such as 500ms, 30s, 2m, or auto"},
      {{"--user-timeout", "30"}, "--user-timeout '30': needs a unit: 30s for seconds or 30ms for milliseconds"},
      {{"--unknown"}, "unknown option --unknown; see keepalive run --help"},
      {{"--json"}, "unknown option --json; see keepalive run --help"},
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

// --- where it finds the library ---

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

TEST_F(InstalledTest, WithoutItNothingIsRun) {
  install("prefix");
  const std::string preload = preload_of(folder_ / "prefix/bin/keepalive");
  const std::string path = preload.substr(0, preload.size() - 1);
  fs::remove(path);
  EXPECT_EQ(
      failure_of(run({{folder_ / "prefix/bin/keepalive", "run", "echo", "run"}, {}})),
      "125: keepalive run: there is no library for this command: '" + path + "' is missing; install both together\n");
}

TEST_F(InstalledTest, APathThatLdPreloadCanNotNameIsRefused) {
  for (const std::string name : {"two words", "a:b"}) {
    install(name);
    EXPECT_THAT(failure_of(run({{folder_ / name + "/bin/keepalive", "run", "echo", "run"}, {}})),
                testing::MatchesRegex("125: keepalive run: LD_PRELOAD can't name '" + folder_ / name +
                                      "/.*libkeepalive.so', because of the space or colon in it; install to another "
                                      "folder\n"));
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
