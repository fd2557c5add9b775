/// @file
/// `keepalive run`: the program takes the place of the command.
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "run.h"
#include "support/requirements.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::HasSubstr;

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
  EXPECT_EQ(failure_of(outcome), std::string(howto_output) + "0: ");
  EXPECT_EQ(run_with({}, {check}, {{"KEEPALIVE", "off"}}).out.substr(0, 18), "SO_KEEPALIVE is ON");
  EXPECT_THAT(run_with({"--verbose"}, {check}).err, HasSubstr(": socket: descriptor 3: SO_KEEPALIVE 1\n"));
}

// `su -c` makes a new session: the terminal is another user's, and not the terminal of the session.
TEST(RunProgram, ItsLinesAreOnTheTerminalBehindSu) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("script");
  const std::string as_nobody = "su -s /bin/sh nobody -c '" + keepalive_path + " run --verbose " + check + "'";
  EXPECT_THAT(run({{"script", "-qec", as_nobody, "/dev/null"}, tolerant_sanitizer}).out,
              testing::AllOf(HasSubstr("keepalive run: using the preload library"),
                             HasSubstr(": socket: descriptor 3: SO_KEEPALIVE 1\r\n")));
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

}  // namespace
