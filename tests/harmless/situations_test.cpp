/// @file
/// Situations in which preload libraries harm their hosts (tests/programs/situations). Each is played without any
/// library, where nothing may go wrong; with a naive library, where something must go wrong; and with ours.
#include <gmock/gmock.h>

#include <filesystem>

#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;

const std::string naive = programs + "/libnaive.so";
const Environment with_naive = with(howto_values, {{"LD_PRELOAD", naive}});

bool unharmed(const Outcome& outcome) {
  constexpr std::string_view last_words = "unharmed\n";
  return outcome.status == 0 && outcome.out.size() >= last_words.size() &&
         outcome.out.compare(outcome.out.size() - last_words.size(), last_words.size(), last_words) == 0;
}

std::string description(const Outcome& outcome) {
  return "status " + std::to_string(outcome.status) + ", output: " + outcome.out + ", error output: " + outcome.err;
}

struct Situation {
  const char* name;
  const char* argument;
  bool bites_naive = true;
  Environment environment = {};  ///< beyond the values asked for
};

// For the messages of GoogleTest.
void PrintTo(const Situation& situation, std::ostream* out) { *out << situation.argument; }

const Environment debug{{"KEEPALIVE_DEBUG", "1"}};

const Situation situations[]{
    {"AtExitHandler", "at-exit-handler", false},  // the naive library's destructors run later
    {"ClearedEnvironment", "cleared-environment"},
    {"SignalHandlerOnASmallStack", "signal-handler"},
    {"EnvironmentChangedByAnotherThread", "changing-environment"},
    {"ThreadWithTheSmallestStack", "small-thread-stack"},
    {"ForkInAThreadedProgram", "fork-in-threaded-program"},
    {"VforkChild", "vfork-child", false},
    {"SpawnedProgram", "spawned-program"},
    {"ThreadCancelledInAccept", "cancelled-accept"},
    {"ThreadCancelledInAccept4", "cancelled-accept4"},
    {"ThreadCancelledInAcceptWithDebug", "cancelled-accept", true, debug},
    {"ThreadCancelledInAccept4WithDebug", "cancelled-accept4", true, debug},
    {"CancellationPendingInSocket", "pending-cancellation"},
    {"CancellationPendingInSocketWithDebug", "pending-cancellation", true, debug},
    {"ErrnoAfterSuccess", "untouched-errno"},
    {"ErrnoAfterSuccessWithDebug", "untouched-errno", true, debug},
    {"DlerrorAfterLoad", "untouched-dlerror"},
    {"SocketFlags", "socket-flags"},
    {"AcceptWithoutAddress", "accept-without-address"},
    {"TooManyDescriptors", "too-many-descriptors"},
    {"DescriptorZero", "descriptor-zero"},
    {"ClosedStandardDescriptors", "closed-standard-descriptors"},
    {"NothingHeldOpen", "nothing-held-open"},
    {"ClosedEverything", "closed-everything"},
    {"StandardErrorReusedAfterABadSetting", "reused-standard-error", true, {{"KEEPIDLE", "99999"}}},
    {"RefusedSetsockopt", "refused-setsockopt"},
    {"RefusedGetsockopt", "refused-getsockopt"},
    {"RefusedSetsockoptWithDebug", "refused-setsockopt", true, debug},
};

class SituationTest : public testing::TestWithParam<Situation> {
 protected:
  static Outcome play(const Environment& environment, bool with_values) {
    std::vector<std::string> arguments{programs + "/situations", GetParam().argument};
    if (!with_values) arguments.emplace_back("--without-keepalive");
    return run({arguments, with(environment, GetParam().environment)});
  }
};

INSTANTIATE_TEST_SUITE_P(Harmless, SituationTest, testing::ValuesIn(situations),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(SituationTest, IsSoundInItself) {
  const Outcome outcome = play({}, false);
  EXPECT_TRUE(unharmed(outcome)) << description(outcome);
}

TEST_P(SituationTest, BitesANaiveLibrary) {
  const Outcome outcome = play(with_naive, true);
  EXPECT_NE(unharmed(outcome), GetParam().bites_naive) << description(outcome);
}

TEST_P(SituationTest, SparesOurHost) {
  for (const char* mode : {"on", "force"}) {
    const Outcome outcome = play(preloaded(with(howto_values, {{"KEEPALIVE", mode}})), true);
    EXPECT_TRUE(unharmed(outcome)) << mode << ": " << description(outcome);
  }
}

TEST_P(SituationTest, SparesOurHostUnderOff) {
  const Outcome outcome = play(preloaded(with(howto_values, {{"KEEPALIVE", "off"}})), false);
  EXPECT_TRUE(unharmed(outcome)) << description(outcome);
}

// --- a library's constructor and destructor ---

constexpr char is_on[] = "keepalive is on\n";

TEST(Early, SocketInTheConstructorOfALinkedLibrary) {
  EXPECT_EQ(run({{programs + "/linked-early"}, {}}).out, "keepalive is off\n");
  EXPECT_NE(run({{programs + "/linked-early"}, with_naive}).status, 0);
  EXPECT_EQ(run_preloaded({programs + "/linked-early"}).out, is_on);
}

TEST(Early, SocketInTheConstructorOfAnotherPreloadedLibraryInBothOrders) {
  const std::string early = programs + "/libearly.so";
  EXPECT_NE(run({{"/bin/true"}, {{"LD_PRELOAD", naive + ":" + early}}}).status, 0);
  for (const std::string& order : {library + ":" + early, early + ":" + library}) {
    const Outcome outcome = run({{"/bin/true"}, {{"LD_PRELOAD", order}}});
    EXPECT_EQ(outcome.out, is_on) << order;
    EXPECT_EQ(outcome.status, 0) << order;
  }
}

TEST(Early, ABadSettingIsSaidOnceAlsoWhenACallComesBeforeOurConstructor) {
  const Outcome outcome = run_preloaded({programs + "/linked-early"}, {{"KEEPIDLE", "x"}});
  EXPECT_EQ(outcome.out, is_on);
  EXPECT_EQ(
      outcome.err,
      "libkeepalive: KEEPIDLE=x ignored: not a whole number of seconds from 1 to 32767, or a time such as 90s, 2m, 1h; "
      "using the system default\n");
}

TEST(Late, SocketInADestructorAtExit) {
  EXPECT_NE(run({{programs + "/linked-late"}, with_naive}).status, 0);
  EXPECT_EQ(run_preloaded({programs + "/linked-late"}).out, is_on);
}

TEST(Programs, WithTheirOwnLibstdcxx) {
  EXPECT_EQ(run_preloaded({programs + "/check-own-libstdcxx"}, howto_values).out,
            run_preloaded({check}, howto_values).out);
}

// --- sandboxes ---

// A limit: a filter that kills a program for setsockopt(2) kills it with the library too. KEEPALIVE=off helps.
TEST(Sandbox, ThatKillsForSetsockoptNeedsOff) {
  const std::vector<std::string> command{programs + "/situations", "killed-by-setsockopt"};
  EXPECT_TRUE(unharmed(run({command, {}})));
  EXPECT_EQ(run_preloaded(command).status, 128 + 31);  // SIGSYS
  EXPECT_TRUE(unharmed(run_preloaded(command, {{"KEEPALIVE", "off"}})));
}

TEST(Sandbox, ChrootWithoutProcDevAndEtc) {
  REQUIRE_ROOT();
  const std::filesystem::path root = std::filesystem::path(testing::TempDir()) / ("root." + std::to_string(getpid()));
  std::filesystem::create_directories(root);
  // The program, the loader and the libraries it needs, all in one folder.
  const Outcome copied = run({{"bash", "-ec",
                               "cp \"$1\" \"$2\" \"$3\" \"$0\"; "
                               "ldd \"$1\" | grep -o '/[^ ]*' | xargs -I{} cp -L {} \"$0\"",
                               root.string(), programs + "/situations", library, naive},
                              {}});
  ASSERT_EQ(copied.status, 0) << copied.err;
  std::string loader;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    if (entry.path().filename().string().rfind("ld-", 0) == 0) loader = "/" + entry.path().filename().string();
  }
  const auto in_root = [&](const std::string& preload) {
    return run({{"chroot", root.string(), loader, "--library-path", "/", "--preload", preload, "/situations",
                 "nothing-but-the-root"},
                howto_values});
  };
  const Outcome ours = in_root("/libkeepalive.so");
  EXPECT_TRUE(unharmed(ours)) << description(ours);
  EXPECT_EQ(ours.err, "");
  EXPECT_FALSE(unharmed(in_root("/libnaive.so")));
  std::filesystem::remove_all(root);
}

}  // namespace
