/// @file
/// `keepalive run`: what is said at a terminal, and the library and a supervisor together.
#include <gmock/gmock.h>

#include "command/program/privileges.h"
#include "run.h"
#include "support/requirements.h"
#include "support/supervised.h"

namespace {

using namespace support;
using testing::HasSubstr;
using testing::Not;

// --- what a person at a terminal sees ---

/// What the command prints with a terminal for its standard error and output, lines ended as usual.
std::string on_terminal(const std::string& command, const Environment& environment = {}) {
  std::string text = run({{"script", "-qec", command, "/dev/null"}, with(tolerant_sanitizer, environment)}).out;
  std::erase(text, '\r');
  return text;
}

class TerminalTest : public testing::Test {
 protected:
  void SetUp() override { REQUIRE_PROGRAM("script"); }
};

TEST_F(TerminalTest, WithoutValuesTheSystemsAreNamed) {
  const auto system_value = [](const std::string& name) {
    const std::string text = content_of("/proc/sys/net/ipv4/tcp_keepalive_" + name);
    return text.substr(0, text.find('\n'));
  };
  const std::string line = "keepalive run: no values given, so the system's values are used: first probe after " +
                           system_value("time") + " s of silence, then every " + system_value("intvl") +
                           " s, dead after " + system_value("probes") +
                           " unanswered probes (change with --idle, --interval, --count)\n";
  EXPECT_THAT(on_terminal(keepalive_path + " run " + check), testing::StartsWith(line));
  EXPECT_THAT(run_with({"--verbose"}, {check}).err, HasSubstr(line));
  EXPECT_EQ(run_with({}, {check}).err, "");
  for (const char* const options : {"--idle 5", "--interval 5", "--count 5", "--user-timeout 5s"}) {
    EXPECT_THAT(on_terminal(keepalive_path + " run " + options + " " + check), Not(HasSubstr("no values")));
  }
  EXPECT_THAT(on_terminal(keepalive_path + " run " + check, {{"KEEPIDLE", "5"}}), Not(HasSubstr("no values")));
}

TEST_F(TerminalTest, AnOrdinaryUserHearsWhatIsNotFollowed) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("setpriv");
  const std::string as_nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups " + keepalive_path;
  EXPECT_EQ(on_terminal(as_nobody + " run --idle 5 sh -c :"), std::string("keepalive run: 'sh'") + unfollowed);
  EXPECT_EQ(on_terminal(as_nobody + " run --idle 5 " + check).substr(0, 18), "SO_KEEPALIVE is ON");
}

// Standard error of a unit is the journal, and what is not followed there is nobody's output.
TEST_F(TerminalTest, TheJournalIsToldWhatATerminalIs) {
  REQUIRE_PROGRAM("stat");
  const std::string command =
      "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/$$/fd/2) exec " + keepalive_path + " run " + check;
  EXPECT_THAT(run({{"sh", "-c", command}, tolerant_sanitizer}).err, HasSubstr("no values given"));
  EXPECT_EQ(run_with({}, {check}, {{"JOURNAL_STREAM", "1:2"}}).err, "");
}

TEST_F(TerminalTest, AnotherProgramsVariableIsNamed) {
  const std::string text = on_terminal(keepalive_path + " run --idle 5 " + check, {{"KEEPALIVE", "65"}});
  EXPECT_THAT(text, testing::StartsWith("keepalive run: KEEPALIVE=65 in the environment is not used: another "
                                        "program's variable\n"));
  EXPECT_THAT(text, HasSubstr("SO_KEEPALIVE is ON\n"));
  EXPECT_THAT(run_with({"--verbose", "--force"}, {check}, {{"KEEPALIVE", "0"}}).err,
              testing::StartsWith("keepalive run: KEEPALIVE=0 in the environment is replaced by --force\n"));
  EXPECT_EQ(run_with({"--idle", "5"}, {"sh", "-c", "echo $KEEPALIVE"}, {{"KEEPALIVE", "65"}}).out, "65\n");
}

TEST_F(TerminalTest, OffInTheEnvironmentIsNamedAsNotUsed) {
  const std::string text = on_terminal(keepalive_path + " run --idle 5 " + check, {{"KEEPALIVE", "off"}});
  EXPECT_THAT(text, testing::StartsWith("keepalive run: KEEPALIVE=off in the environment is not used: run turns "
                                        "keepalive on\n"));
  EXPECT_THAT(text, HasSubstr("SO_KEEPALIVE is ON\n"));
}

// --- library and supervisor together ---

TEST(RunTogether, TheLibraryIsToldOfTheSupervisorAndOnlyThen) {
  REQUIRE_ROOT();
  REQUIRE_OR_SKIP(keepalive::command::can_filter_without_loss(), "this needs CAP_SYS_ADMIN");
  const std::vector<std::string> print{"sh", "-c", "echo $LD_PRELOAD:$KEEPALIVE_SUPERVISED"};
  EXPECT_EQ(run_with({}, print).out, library + ":1\n");
  EXPECT_EQ(run_with({"--preload"}, print).out, library + ":\n");
  EXPECT_EQ(run_with({"--preload"}, print, {{"KEEPALIVE_SUPERVISED", "1"}}).out, library + ":\n");
  EXPECT_EQ(run_with({"--supervise"}, print).out, ":\n");
  const std::string other = KEEPALIVE_EMPTY_LIBRARY;
  EXPECT_EQ(run_with({}, print, {{"LD_PRELOAD", other}}).out, library + ":" + other + ":\n");
}

TEST(RunTogether, UnderASupervisorOfOursThatOnesValuesStand) {
  const std::string line =
      "keepalive run: an outer 'keepalive run' has started a supervisor, and its values are used here; give the values "
      "to the outer one";
  const std::vector<std::string> inner{keepalive_path, "run", "--supervise", "--idle", "5", check};
  const Outcome outcome = run({run_with_howto_values({"--supervise"}, inner), tolerant_sanitizer});
  EXPECT_EQ(outcome.out, howto_output);
  EXPECT_EQ(outcome.err, line + "\n");
}

TEST(RunTogether, UnderALibraryAndSupervisorOfOursTheLibrarysValuesAreTheInnerOnes) {
  REQUIRE_ROOT();
  REQUIRE_OR_SKIP(keepalive::command::can_filter_without_loss(), "this needs CAP_SYS_ADMIN");
  const Outcome outcome =
      run({run_with_howto_values({}, {"sh", "-c", keepalive_path + " run --supervise --idle 5 " + check}),
           tolerant_sanitizer});
  EXPECT_THAT(outcome.out, HasSubstr("TCP_KEEPIDLE  = 5\n"));
  EXPECT_THAT(outcome.err, HasSubstr("its values are used where the library does not reach;"));
}

TEST(RunTogether, UnderASupervisorOfOursTheLibrarysSocketsAreStillMarked) {
  REQUIRE_ROOT();
  REQUIRE_OR_SKIP(keepalive::command::can_filter_without_loss(), "this needs CAP_SYS_ADMIN");
  const std::string inner = keepalive_path + " run --preload sh -c 'echo $KEEPALIVE_SUPERVISED'";
  EXPECT_EQ(run({run_with_howto_values({}, {"sh", "-c", inner}), tolerant_sanitizer}).out, "1\n");
}

TEST(RunTogether, AProgramWithAddressSanitizerHasTheSupervisorAlone) {
  const Outcome outcome = run({run_with_howto_values({}, {programs + "/check-address"}), tolerant_sanitizer});
  EXPECT_EQ(outcome.out, howto_output) << outcome.err;
}

TEST(RunTogether, AProgramWithRawSystemCallsAndTheSectionsOfFreePascalHasTheSupervisor) {
  const Outcome outcome = run({run_with_howto_values({}, {programs + "/raw-socket"}), tolerant_sanitizer});
  EXPECT_EQ(outcome.out, "SO_KEEPALIVE 1, TCP_KEEPIDLE 180\n") << outcome.err;
  EXPECT_EQ(run_with({"--preload"}, {programs + "/raw-socket"}).status, 125);
}

TEST(RunTogether, AStaticProgramsChildrenHaveTheLibrary) {
  REQUIRE_PROGRAM("busybox");
  EXPECT_EQ(run_with({}, {"busybox", "sh", "-c", "echo $LD_PRELOAD:$KEEPALIVE_SUPERVISED"}).out, library + ":1\n");
  EXPECT_EQ(run({run_with_howto_values({}, {"busybox", "sh", "-c", check}), tolerant_sanitizer}).out, howto_output);
}

}  // namespace
