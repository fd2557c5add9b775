#include "keepalive/wording.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace keepalive {
namespace {

std::string text_of(const Problem& problem) {
  Line line;
  describe_problem(problem, line);
  return std::string(line.finish());
}

Problem bad_value(int number, const char* value, ValueError error) {
  const Option& option = options.at(option_index(number));
  return {Problem::Kind::not_a_value, option.variable, value, &option, error};
}

TEST(Report, SaysHowLongATimeMayBe) {
  EXPECT_EQ(text_of(bad_value(TCP_KEEPINTVL, "10h", ValueError::too_large)),
            "libkeepalive: KEEPINTVL=10h ignored: too long, at most 32767 s (about 9 h); using the system default\n");
  EXPECT_EQ(
      text_of(bad_value(TCP_USER_TIMEOUT, "600h", ValueError::too_large)),
      "libkeepalive: KEEPALIVE_USER_TIMEOUT=600h ignored: too long, at most 2147483647 ms (about 596 h); using the "
      "system default\n");
}

TEST(Report, GuessesWhatWasMeant) {
  for (const char* word : {"no", "No", "FALSE"}) {
    EXPECT_EQ(text_of({Problem::Kind::not_a_mode, "KEEPALIVE", word}),
              std::string("libkeepalive: KEEPALIVE=") + word +
                  " ignored: not one of on, off, force (did you mean off?); using on\n");
  }
}

TEST(Report, ListsWhatIsSetAndMarksWhatWasRefused) {
  Settings settings;
  settings.values.at(option_index(TCP_KEEPIDLE)) = 180;
  settings.values.at(option_index(TCP_USER_TIMEOUT)) = 5000;
  Line plain;
  describe_settings(settings, nullptr, plain);
  EXPECT_EQ(plain.finish(), "SO_KEEPALIVE 1, TCP_KEEPIDLE 180 s, TCP_USER_TIMEOUT 5000 ms\n");

  Refusals refusals;
  refusals.values.at(option_index(TCP_USER_TIMEOUT)) = ENOPROTOOPT;
  Line marked;
  describe_settings(settings, &refusals, marked);
  EXPECT_EQ(marked.finish(), "SO_KEEPALIVE 1, TCP_KEEPIDLE 180 s, TCP_USER_TIMEOUT 5000 ms (refused, errno 92)\n");
}

TEST(Report, NamesTheModes) {
  EXPECT_STREQ(mode_name(Mode::on), "on");
  EXPECT_STREQ(mode_name(Mode::off), "off");
  EXPECT_STREQ(mode_name(Mode::force), "force");
}

}  // namespace
}  // namespace keepalive
