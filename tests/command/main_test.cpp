/// @file
/// The command without a subcommand, and what all subcommands share.
#include <gmock/gmock.h>

#include "keepalive/options.h"
#include "support/keepalive_command.h"
#include "support/requirements.h"

namespace {

using namespace support;
using testing::HasSubstr;

TEST(Command, WithoutArgumentsSaysWhatThereIs) {
  EXPECT_EQ(failure_of(run_keepalive({})), "2: keepalive: what to do? One of run, show, set; see keepalive --help\n");
}

TEST(Command, RefusesWhatItDoesNotKnow) {
  for (const std::string word : {"start", "Run", "", "runs"}) {
    const std::string name = word.empty() ? "keepalive " : "keepalive " + word;
    EXPECT_EQ(failure_of(run_keepalive({word})),
              "2: " + name + ": '" + word + "' is none of run, show, set; see keepalive --help\n");
  }
  EXPECT_EQ(failure_of(run_keepalive({"--idle", "5"})),
            "2: keepalive: '--idle' is none of run, show, set; see keepalive --help\n");
}

TEST(Command, HasHelpThatNamesEachSubcommand) {
  for (const char* word : {"--help", "-h", "help"}) {
    const Outcome outcome = run_keepalive({word});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "");
    for (const char* subcommand : {"keepalive run ", "keepalive show ", "keepalive set "}) {
      EXPECT_THAT(outcome.out, HasSubstr(subcommand));
    }
  }
}

TEST(Command, HasHelpOfEachSubcommandWithEachOption) {
  for (const std::string subcommand : {"run", "show", "set"}) {
    for (const char* word : {"--help", "-h"}) {
      const Outcome outcome = run_keepalive({subcommand, word});
      EXPECT_EQ(outcome.status, 0);
      EXPECT_EQ(outcome.err, "");
      EXPECT_THAT(outcome.out, HasSubstr("\nUsage: keepalive " + subcommand + " "));
      if (subcommand == "show") continue;
      for (const keepalive::Option& option : keepalive::options) {
        EXPECT_THAT(outcome.out, HasSubstr(std::string("\n  --") + option.word + " "));
        EXPECT_THAT(outcome.out,
                    testing::AnyOf(HasSubstr(std::to_string(option.minimum) + " to " + std::to_string(option.maximum)),
                                   testing::Not(HasSubstr("automatic"))));
      }
    }
  }
  for (const char* option : {"--force", "--verbose", "--anyway", "--help"}) {
    EXPECT_THAT(run_keepalive({"run", "--help"}).out, HasSubstr(std::string("\n  ") + option));
  }
  for (const char* option : {"--off", "--peer", "--port", "--fd", "--dry-run", "--help"}) {
    EXPECT_THAT(run_keepalive({"set", "--help"}).out, HasSubstr(std::string("\n  ") + option));
  }
  EXPECT_THAT(run_keepalive({"show", "--help"}).out, HasSubstr("\n  --json"));
}

TEST(Command, TellsItsVersion) {
  const Outcome outcome = run_keepalive({"--version"});
  EXPECT_EQ(outcome.out, "keepalive " KEEPALIVE_PROJECT_VERSION "\n");
  EXPECT_EQ(outcome.status, 0);
}

TEST(Command, SaysWhenItsOutputIsLost) {
  const auto into_full = [](const std::string& arguments) {
    return failure_of(run({{"sh", "-c", keepalive_path + " " + arguments + " > /dev/full"}, {}}));
  };
  const std::string lost = "standard output can't be written: No space left on device\n";
  EXPECT_EQ(into_full("--help"), "1: keepalive: " + lost);
  EXPECT_EQ(into_full("--version"), "1: keepalive: " + lost);
  EXPECT_EQ(into_full("run --help"), "1: keepalive run: " + lost);
  EXPECT_EQ(into_full("show $$"), "1: keepalive show: " + lost);
  EXPECT_EQ(into_full("show --json $$"), "1: keepalive show: " + lost);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // their runtimes need /proc themselves
TEST(Command, SaysWhenProcIsNotMounted) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("unshare");
  const auto without_proc = [](const std::string& arguments) {
    return failure_of(run(
        {{KEEPALIVE_UNSHARE, "--", "sh", "-c", "mount -t tmpfs none /proc && exec " + keepalive_path + " " + arguments},
         {}}));
  };
  EXPECT_EQ(without_proc("run true"), "125: keepalive run: can't tell where this command is: /proc is not mounted\n");
  EXPECT_EQ(without_proc("show"), "1: keepalive show: no process can be seen: /proc is not mounted\n");
  EXPECT_EQ(without_proc("set 1"), "1: keepalive set: no process can be seen: /proc is not mounted\n");
}
#endif

}  // namespace
