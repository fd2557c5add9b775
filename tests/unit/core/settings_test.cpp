#include "keepalive/settings.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace keepalive {
namespace {

std::map<std::string, std::string> variables;

const char* look_up(const char* name) {
  const auto found = variables.find(name);
  return found != variables.end() ? found->second.c_str() : nullptr;
}

SettingsAndProblems read(std::map<std::string, std::string> given) {
  variables = std::move(given);
  return read_settings(look_up);
}

int value_of(const SettingsAndProblems& read, int number) { return read.settings.values.at(option_index(number)); }

class OptionTest : public testing::TestWithParam<Option> {
 protected:
  static SettingsAndProblems read_text(const std::string& text) { return read({{GetParam().variable, text}}); }
};

INSTANTIATE_TEST_SUITE_P(SettingsTest, OptionTest, testing::ValuesIn(options),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(OptionTest, IsReadFromItsVariable) {
  const auto result = read_text(std::to_string(GetParam().maximum));
  EXPECT_EQ(value_of(result, GetParam().number), GetParam().maximum);
  EXPECT_EQ(result.problem_count, 0U);
}

TEST_P(OptionTest, SaysWhichVariableHasAWrongValue) {
  for (const std::string& text : {std::string("60x"), std::to_string(GetParam().maximum + 1LL)}) {
    const auto result = read_text(text);
    EXPECT_EQ(value_of(result, GetParam().number), 0);
    ASSERT_EQ(result.problem_count, 1U);
    const Problem& problem = result.problems[0];
    EXPECT_EQ(problem.kind, Problem::Kind::not_a_value);
    EXPECT_STREQ(problem.variable, GetParam().variable);
    EXPECT_STREQ(problem.value, text.c_str());
    ASSERT_NE(problem.option, nullptr);
    EXPECT_EQ(problem.option->number, GetParam().number);
    EXPECT_EQ(problem.error, text == "60x" ? ValueError::malformed : ValueError::too_large);
  }
}

TEST_P(OptionTest, EmptyCountsAsNotSet) {
  const auto result = read_text("");
  EXPECT_EQ(value_of(result, GetParam().number), 0);
  EXPECT_EQ(result.problem_count, 0U);
}

TEST(SettingsTest, WithoutVariablesKeepaliveIsOnWithTheSystemsTimers) {
  const auto result = read({});
  EXPECT_EQ(result.settings.mode, Mode::on);
  EXPECT_FALSE(result.settings.debug);
  for (const int value : result.settings.values) EXPECT_EQ(value, 0);
  EXPECT_EQ(result.problem_count, 0U);
}

TEST(SettingsTest, ModeIsReadWithoutRegardToCase) {
  const std::vector<std::pair<const char*, Mode>> cases{
      {"on", Mode::on}, {"ON", Mode::on}, {"off", Mode::off},     {"OFF", Mode::off},     {"oFf", Mode::off},
      {"", Mode::on},   {"On", Mode::on}, {"force", Mode::force}, {"Force", Mode::force}, {"FORCE", Mode::force},
  };
  for (const auto& [text, mode] : cases) {
    const auto result = read({{"KEEPALIVE", text}});
    EXPECT_EQ(result.settings.mode, mode) << text;
    EXPECT_EQ(result.problem_count, 0U) << text;
  }
}

TEST(SettingsTest, AnUnknownModeIsReportedAndOnStands) {
  for (const char* text : {"maybe", "of", "offf", "o", "1s", "-1", "0x1", "yes", "no", " on", "on ", " 1"}) {
    const auto result = read({{"KEEPALIVE", text}});
    EXPECT_EQ(result.settings.mode, Mode::on) << text;
    ASSERT_EQ(result.problem_count, 1U) << text;
    EXPECT_EQ(result.problems[0].kind, Problem::Kind::not_a_mode);
    EXPECT_STREQ(result.problems[0].value, text);
  }
}

// Gunicorn and several container images have a variable of this name.
TEST(SettingsTest, ANumberIsAnotherProgramsModeAndNoProblem) {
  for (const char* text : {"0", "1", "65", "000", "99999999999999999999999"}) {
    const auto result = read({{"KEEPALIVE", text}, {"KEEPIDLE", "60"}});
    EXPECT_EQ(result.settings.mode, Mode::on) << text;
    EXPECT_EQ(value_of(result, TCP_KEEPIDLE), 60);
    EXPECT_EQ(result.problem_count, 0U) << text;
    EXPECT_STREQ(result.unused_mode, text);
  }
  EXPECT_EQ(read({{"KEEPALIVE", "off"}}).unused_mode, nullptr);
  EXPECT_EQ(read({}).unused_mode, nullptr);
}

// All other times without a unit are seconds.
TEST(SettingsTest, AUserTimeoutBelowASecondIsTakenAndToldUnlessItHasAUnit) {
  for (const char* text : {"1", "30", "999"}) {
    const auto result = read({{"KEEPALIVE_USER_TIMEOUT", text}});
    EXPECT_EQ(value_of(result, TCP_USER_TIMEOUT), std::stoi(text));
    EXPECT_STREQ(result.short_timeout, text);
  }
  for (const char* text : {"1000", "30ms", "1s", "auto", "0", "-1", "30x"}) {
    EXPECT_EQ(read({{"KEEPALIVE_USER_TIMEOUT", text}}).short_timeout, nullptr) << text;
  }
  EXPECT_EQ(read({{"KEEPIDLE", "30"}, {"KEEPCNT", "3"}}).short_timeout, nullptr);
}

TEST(SettingsTest, EverythingBadAtOnceIsAllReported) {
  const auto result = read({{"KEEPALIVE", "maybe"},
                            {"KEEPIDLE", "x"},
                            {"KEEPINTVL", "x"},
                            {"KEEPCNT", "x"},
                            {"KEEPALIVE_USER_TIMEOUT", "x"},
                            {"KEEPALIVE_DEBUG", "x"}});
  EXPECT_EQ(result.problem_count, result.problems.size());
}

TEST(SettingsTest, OffDoesNotLookAtTheValues) {
  const auto result = read({{"KEEPALIVE", "off"}, {"KEEPIDLE", "60x"}});
  EXPECT_EQ(result.settings.mode, Mode::off);
  EXPECT_EQ(result.problem_count, 0U);
}

TEST(SettingsTest, DebugIsZeroOrOne) {
  EXPECT_TRUE(read({{"KEEPALIVE_DEBUG", "1"}}).settings.debug);
  EXPECT_FALSE(read({{"KEEPALIVE_DEBUG", "0"}}).settings.debug);
  EXPECT_FALSE(read({{"KEEPALIVE_DEBUG", ""}}).settings.debug);
  const auto result = read({{"KEEPALIVE_DEBUG", "yes"}});
  EXPECT_FALSE(result.settings.debug);
  ASSERT_EQ(result.problem_count, 1U);
  EXPECT_EQ(result.problems[0].kind, Problem::Kind::not_a_switch);
}

TEST(SettingsTest, AutomaticUserTimeoutIsTheTimeKeepaliveNeeds) {
  const auto result =
      read({{"KEEPIDLE", "60"}, {"KEEPINTVL", "10"}, {"KEEPCNT", "5"}, {"KEEPALIVE_USER_TIMEOUT", "AUTO"}});
  EXPECT_EQ(value_of(result, TCP_USER_TIMEOUT), 110'000);
  EXPECT_EQ(result.problem_count, 0U);
}

TEST(SettingsTest, AutomaticUserTimeoutStaysWithinWhatTheKernelTakes) {
  const auto result =
      read({{"KEEPIDLE", "32767"}, {"KEEPINTVL", "32767"}, {"KEEPCNT", "127"}, {"KEEPALIVE_USER_TIMEOUT", "auto"}});
  EXPECT_EQ(value_of(result, TCP_USER_TIMEOUT), INT_MAX);
}

// A value that was not given, or was refused, is the system's: only the socket knows it.
TEST(SettingsTest, AutomaticUserTimeoutIsLeftToTheSocketWhereAValueIsNotGiven) {
  const auto result = read({{"KEEPIDLE", "60"}, {"KEEPINTVL", "10"}, {"KEEPALIVE_USER_TIMEOUT", "auto"}});
  EXPECT_EQ(value_of(result, TCP_USER_TIMEOUT), automatic_value);
  EXPECT_EQ(result.problem_count, 0U);
  const auto refused =
      read({{"KEEPIDLE", "60x"}, {"KEEPINTVL", "10"}, {"KEEPCNT", "5"}, {"KEEPALIVE_USER_TIMEOUT", "auto"}});
  EXPECT_EQ(value_of(refused, TCP_USER_TIMEOUT), automatic_value);
  EXPECT_EQ(refused.problem_count, 1U);
}

}  // namespace
}  // namespace keepalive
