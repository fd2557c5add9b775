/// @file
/// `keepalive run`: how far keepalive follows what a launcher starts, and what is said of it.
#include <gmock/gmock.h>
#include <unistd.h>

#include "command/program/privileges.h"
#include "run.h"
#include "support/other_user.h"
#include "support/requirements.h"
#include "support/supervised.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::HasSubstr;
using testing::Not;

constexpr char asked_for[] = "SO_KEEPALIVE is ON\nTCP_KEEPCNT   = 20\nTCP_KEEPIDLE  = 180\nTCP_KEEPINTVL = 60\n";
const std::string static_check = programs + "/check-static";

/// Launchers as administrators use them. `{}` stands for the program that prints what its socket has.
struct Launcher {
  const char* name;
  std::vector<std::string> command;
  enum class Environment { is_kept, is_dropped, is_dropped_by_what_it_starts } environment = Environment::is_kept;
};
constexpr Launcher::Environment is_dropped = Launcher::Environment::is_dropped;

class LauncherTest : public testing::TestWithParam<Launcher> {
 protected:
  void SetUp() override { REQUIRE_PROGRAM(GetParam().command[0]); }

  [[nodiscard]] std::vector<std::string> command_with(const std::string& program) const {
    std::vector<std::string> command = GetParam().command;
    for (std::string& word : command) {
      const std::size_t at = word.find("{}");
      if (at != std::string::npos) word.replace(at, 2, program);
    }
    return command;
  }

  TemporaryFolder folder_;
  // Other users can read these, unlike a build folder.
  std::string dynamic_ = folder_.file("check", content_of(check));
  std::string static_ = folder_.file("check-static", content_of(static_check));
};

const std::vector<Launcher> launchers{
    {"env", {"env", "A=b", "{}"}},
    {"env_i", {"env", "-i", "{}"}, is_dropped},
    {"env_u", {"env", "-u", "LD_PRELOAD", "{}"}, is_dropped},
    {"sh", {"sh", "-c", "{}; :"}},
    {"bash", {"bash", "-c", "{}; :"}},
    {"sh_env_i", {"sh", "-c", "env -i {}; :"}, Launcher::Environment::is_dropped_by_what_it_starts},
    {"timeout", {"timeout", "60", "{}"}},
    {"nice", {"nice", "{}"}},
    {"nohup", {"nohup", "{}"}},
    {"setsid", {"setsid", "-w", "{}"}},
    {"xargs", {"xargs", "{}"}},
    {"find", {"find", "/", "-maxdepth", "0", "-exec", "{}", ";"}},
    {"setpriv", {"setpriv", "--reuid=65534", "--clear-groups", "{}"}},
    {"sudo", {"sudo", "{}"}, is_dropped},
    {"sudo_u", {"sudo", "-u", "nobody", "{}"}, is_dropped},
    {"su", {"su", "-c", "{}", "root"}},
    {"su_l", {"su", "-", "-c", "{}", "root"}, is_dropped},
    {"runuser", {"runuser", "-u", "nobody", "{}"}},
};

INSTANTIATE_TEST_SUITE_P(Run, LauncherTest, testing::ValuesIn(launchers),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(LauncherTest, IsFollowedAsRoot) {
  REQUIRE_ROOT();
  REQUIRE_OR_SKIP(keepalive::command::can_filter_without_loss(), "this needs CAP_SYS_ADMIN");
  for (const std::vector<std::string>& options : {std::vector<std::string>{}, {"--force"}}) {
    for (const std::string& program : {dynamic_, static_}) {
      const Outcome outcome = run({run_with_howto_values(options, command_with(program)), tolerant_sanitizer});
      EXPECT_EQ(outcome.out, asked_for) << program << outcome.err;
    }
  }
}

TEST_P(LauncherTest, IsFollowedByTheLibraryAsFarAsTheEnvironmentIsKept) {
  REQUIRE_ROOT();
  const Outcome outcome = run({run_with_howto_values({"--preload"}, command_with(dynamic_)), tolerant_sanitizer});
  const bool is_kept = GetParam().environment == Launcher::Environment::is_kept;
  if (GetParam().environment == is_dropped) {
    EXPECT_THAT(failure_of(outcome), testing::StartsWith("125: keepalive run: '" + GetParam().command[0] +
                                                         "' does not pass LD_PRELOAD on, so the library does not get "
                                                         "into what it starts; put keepalive behind it: "));
  } else {
    EXPECT_EQ(outcome.out, is_kept ? asked_for : "SO_KEEPALIVE is OFF\n") << outcome.err;
  }
}

// These replace LD_PRELOAD, so the order counts.
TEST(RunOrder, BehindAProgramThatReplacesLdPreload) {
  REQUIRE_PROGRAM("trickle");
  const std::vector<std::string> trickle{"trickle", "-s", "-d", "1000", "-u", "1000"};
  std::vector<std::string> in_front = trickle;
  for (const std::string& word : run_with_howto_values({}, {check})) in_front.push_back(word);
  EXPECT_EQ(run({in_front, tolerant_sanitizer}).out, asked_for);
  std::vector<std::string> behind = trickle;
  behind.push_back(check);
  EXPECT_EQ(run({run_with_howto_values({"--preload"}, behind), tolerant_sanitizer}).out, "SO_KEEPALIVE is OFF\n");
}

constexpr char unfollowed[] =
    " starts, statically linked ones and those with an environment of their own are not followed; --supervise follows "
    "them, but takes the rights of setuid programs away\n";

class RunAsOrdinaryUser : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_ROOT();
    REQUIRE_PROGRAM("setpriv");
  }

  static Outcome run_as_nobody(const std::vector<std::string>& options, const std::vector<std::string>& command) {
    return run({command_as_nobody(run_with_howto_values(options, command)), tolerant_sanitizer});
  }

  TemporaryFolder folder_;
  std::string script_ = folder_.file("script", "#!/bin/sh\n\"$@\"\n");
};

TEST_F(RunAsOrdinaryUser, ALauncherHasTheLibraryAndItIsSaidWhatThatDoesNotFollow) {
  const Outcome dynamic = run_as_nobody({"--verbose"}, {script_, check});
  EXPECT_EQ(dynamic.out, asked_for);
  EXPECT_THAT(dynamic.err, HasSubstr("keepalive run: of the programs that '" + script_ + "'" + unfollowed));
  EXPECT_EQ(run_as_nobody({}, {script_, static_check}).out, "SO_KEEPALIVE is OFF\n");
  EXPECT_EQ(run_as_nobody({}, {script_, static_check}).err, "");  // no terminal
  EXPECT_EQ(run_as_nobody({"--supervise"}, {script_, static_check}).out, asked_for);
}

TEST_F(RunAsOrdinaryUser, WithNoNewPrivsALauncherHasTheSupervisorToo) {
  std::vector<std::string> command = run_with_howto_values({}, {script_, static_check});
  command.insert(command.begin(), {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"});
  EXPECT_EQ(run({command, tolerant_sanitizer}).out, asked_for);
}

TEST_F(RunAsOrdinaryUser, BehindEnvItIsTheProgramThatCounts) {
  EXPECT_EQ(run_as_nobody({}, {"env", "A=b", static_check}).out, asked_for);
  REQUIRE_PROGRAM("busybox");
  const std::string start = "#!" + find_program("env") + " -S A=b " + find_program("busybox") + " sh\n";
  const std::string script = folder_.file("by-env", start + static_check + "\n");
  EXPECT_EQ(run_as_nobody({}, {script}).out, asked_for);
}

TEST_F(RunAsOrdinaryUser, BehindASimpleLauncherItIsTheProgramThatCounts) {
  EXPECT_EQ(run_as_nobody({}, {"timeout", "60", "nice", static_check}).out, asked_for);
  EXPECT_EQ(run_as_nobody({}, {"nice", check}).out, asked_for);
}

// Also without a terminal: nothing would be had.
TEST_F(RunAsOrdinaryUser, ALauncherThatDropsTheEnvironmentIsRefusedUnlessAnyway) {
  const std::string why =
      "keepalive run: 'env' does not pass LD_PRELOAD on, so the library does not get into what it starts; put "
      "keepalive "
      "behind it: env ... keepalive run ... COMMAND; --supervise follows it, but takes the rights of setuid programs "
      "away";
  const std::vector<std::string> command{"env", "-i", "PATH=" + std::string(getenv("PATH")), check};
  EXPECT_EQ(failure_of(run_as_nobody({}, command)), "125: " + why + " (--anyway runs it without keepalive)\n");
  const Outcome anyway = run_as_nobody({"--anyway"}, command);
  EXPECT_EQ(anyway.out, "SO_KEEPALIVE is OFF\n");
  EXPECT_EQ(anyway.err, why + "; running it without keepalive\n");
  EXPECT_EQ(run_as_nobody({"--supervise"}, command).out, asked_for);
}

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
  const std::string line = "keepalive run: no values given, so those of the system hold: first probe after " +
                           system_value("time") + " s of silence, then every " + system_value("intvl") +
                           " s, dead after " + system_value("probes") + " (change with --idle, --interval, --count)\n";
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
  EXPECT_EQ(on_terminal(as_nobody + " run --idle 5 sh -c :"),
            std::string("keepalive run: of the programs that 'sh'") + unfollowed);
  EXPECT_EQ(on_terminal(as_nobody + " run --idle 5 " + check).substr(0, 18), "SO_KEEPALIVE is ON");
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
      "keepalive run: an outer 'keepalive run' has a supervisor, whose values hold here; give the values there";
  const std::vector<std::string> inner{keepalive_path, "run", "--supervise", "--idle", "5", check};
  const Outcome outcome = run({run_with_howto_values({"--supervise"}, inner), tolerant_sanitizer});
  EXPECT_EQ(outcome.out, asked_for);
  EXPECT_EQ(outcome.err, line + "\n");
}

TEST(RunTogether, UnderASupervisorOfOursTheLibrarysSocketsAreStillMarked) {
  REQUIRE_ROOT();
  REQUIRE_OR_SKIP(keepalive::command::can_filter_without_loss(), "this needs CAP_SYS_ADMIN");
  const std::string inner = keepalive_path + " run --preload sh -c 'echo $KEEPALIVE_SUPERVISED'";
  EXPECT_EQ(run({run_with_howto_values({}, {"sh", "-c", inner}), tolerant_sanitizer}).out, "1\n");
}

TEST(RunTogether, AProgramWithAddressSanitizerHasTheSupervisorAlone) {
  const Outcome outcome = run({run_with_howto_values({}, {programs + "/check-address"}), tolerant_sanitizer});
  EXPECT_EQ(outcome.out, asked_for) << outcome.err;
}

TEST(RunTogether, AProgramWithRawSystemCallsAndTheSectionsOfFreePascalHasTheSupervisor) {
  const Outcome outcome = run({run_with_howto_values({}, {programs + "/raw-socket"}), tolerant_sanitizer});
  EXPECT_EQ(outcome.out, "SO_KEEPALIVE 1, TCP_KEEPIDLE 180\n") << outcome.err;
  EXPECT_EQ(run_with({"--preload"}, {programs + "/raw-socket"}).status, 125);
}

TEST(RunTogether, AStaticProgramsChildrenHaveTheLibrary) {
  REQUIRE_PROGRAM("busybox");
  EXPECT_EQ(run_with({}, {"busybox", "sh", "-c", "echo $LD_PRELOAD:$KEEPALIVE_SUPERVISED"}).out, library + ":1\n");
  EXPECT_EQ(run({run_with_howto_values({}, {"busybox", "sh", "-c", check}), tolerant_sanitizer}).out, asked_for);
}

}  // namespace
