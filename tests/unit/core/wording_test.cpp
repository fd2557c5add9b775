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

TEST(Report, NamesVariableValueAndRange) {
  EXPECT_EQ(text_of(bad_value(TCP_KEEPIDLE, "60x", ValueError::malformed)),
            "libkeepalive: KEEPIDLE=60x ignored: not a whole number of seconds from 1 to 32767, or a time such as 90s, "
            "2m, 1h; using the system default\n");
  EXPECT_EQ(text_of(bad_value(TCP_KEEPCNT, "128", ValueError::too_large)),
            "libkeepalive: KEEPCNT=128 ignored: not a whole number from 1 to 127; using the system default\n");
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

TEST(Report, NamesTheModeOfAnotherProgram) {
  Line line;
  describe_unused_mode("65", line);
  EXPECT_EQ(line.finish(), "KEEPALIVE=65 not used: a number belongs to another program\n");
}

TEST(Report, SaysWhatAShortTimeoutMeans) {
  Line line;
  describe_short_timeout("30", line);
  EXPECT_EQ(line.finish(),
            "KEEPALIVE_USER_TIMEOUT=30 means 30 ms: one lost packet ends a connection; for seconds write 30s\n");
}

TEST(Report, NamesTheWordsThatAreAllowed) {
  EXPECT_EQ(text_of({Problem::Kind::not_a_mode, "KEEPALIVE", "maybe"}),
            "libkeepalive: KEEPALIVE=maybe ignored: not one of on, off, force; using on\n");
  EXPECT_EQ(text_of({Problem::Kind::not_a_switch, "KEEPALIVE_DEBUG", "yes"}),
            "libkeepalive: KEEPALIVE_DEBUG=yes ignored: not 0 or 1; using 0\n");
  EXPECT_EQ(
      text_of(bad_value(TCP_USER_TIMEOUT, "soon", ValueError::malformed)),
      "libkeepalive: KEEPALIVE_USER_TIMEOUT=soon ignored: not a whole number of milliseconds from 1 to 2147483647, "
      "or a time such as 500ms, 30s, 2m, or auto; using the system default\n");
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
