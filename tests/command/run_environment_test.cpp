/// @file
/// `keepalive run`: the environment of the program.
#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "run.h"
#include "support/requirements.h"

namespace {

using namespace support;

const std::string empty_library = KEEPALIVE_EMPTY_LIBRARY;

Environment parse_environment(const std::string& text) {
  Environment environment;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    environment[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  }
  return environment;
}

/// The whole environment of a program that is run with the library, these options and these variables around.
Environment environment_with(const std::vector<std::string>& options, const Environment& around = {}) {
  const Outcome outcome = run_with(joined({"--preload"}, options), {"env"}, around);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return parse_environment(outcome.out);
}

/// The environment without the command, and these variables.
Environment expected(const Environment& around, const Environment& added) {
  return with(parse_environment(run({{"env"}, with(around, tolerant_sanitizer)}).out),
              with({{"LD_PRELOAD", library}}, added));
}

TEST(RunEnvironment, HasTheLibraryAndNothingElseWhereNothingIsAskedFor) {
  EXPECT_EQ(environment_with({}), expected({}, {}));
}

// Without a terminal too.
TEST(RunEnvironment, WithAShortUserTimeoutWithoutAUnitIsNamed) {
  const std::string line =
      "keepalive run: KEEPALIVE_USER_TIMEOUT=30 means 30 ms: one lost packet ends a connection; for seconds write "
      "30s\n";
  for (const char* const way : {"--preload", "--supervise"}) {
    EXPECT_EQ(run_with({way}, {"true"}, {{"KEEPALIVE_USER_TIMEOUT", "30"}}).err, line);
    EXPECT_EQ(run_with({way, "--user-timeout", "30ms"}, {"true"}, {{"KEEPALIVE_USER_TIMEOUT", "30"}}).err, "");
  }
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
           OptionRow{{"--user-timeout", "500ms"}, {{"KEEPALIVE_USER_TIMEOUT", "500ms"}}},
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
  EXPECT_EQ(environment_with({"--idle", "5"}, {{"KEEPIDLE", "60x"}}), expected({}, {{"KEEPIDLE", "5"}}));
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

TEST(RunEnvironment, VariablesThatAreThereTwiceAreThereOnce) {
  REQUIRE_PROGRAM("python3");
  // execve(2) passes both on. The loader takes the last one, getenv(3) the first one.
  const std::string script =
      "import ctypes, sys\n"
      "def strings(texts): return (ctypes.c_char_p * (len(texts) + 1))(*[t.encode() for t in texts], None)\n"
      "arguments = [" +
      ("'" + keepalive_path + "'") +
      ", 'run', '--preload', 'env']\n"
      "variables = ['PATH=/usr/bin:/bin', 'LD_PRELOAD=/nonexistent.so', 'KEEPIDLE=5', 'KEEPIDLE=6',\n"
      "             'LD_PRELOAD=" +
      empty_library +
      "', 'KEEPALIVE=force', 'KEEPALIVE=off']\n"
      "ctypes.CDLL(None).execve(arguments[0].encode(), strings(arguments), strings(variables))\n";
  std::istringstream lines(run({{"python3", "-c", script}, {}}).out);
  std::multiset<std::string> variables;
  for (std::string line; std::getline(lines, line);) variables.insert(line);
  EXPECT_THAT(variables, testing::UnorderedElementsAre("PATH=/usr/bin:/bin", "KEEPIDLE=5", "KEEPALIVE=force",
                                                       "LD_PRELOAD=" + library + ":" + empty_library));
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

}  // namespace
