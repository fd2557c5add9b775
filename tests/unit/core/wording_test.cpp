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

const Option& option_named(int number) { return options.at(option_index(number)); }

TEST(Report, NamesVariableValueAndRange) {
  EXPECT_EQ(text_of({Problem::Kind::not_in_range, "KEEPIDLE", "60s", &option_named(TCP_KEEPIDLE)}),
            "libkeepalive: KEEPIDLE=60s ignored: not a whole number from 1 to 32767; the system default stands\n");
  EXPECT_EQ(text_of({Problem::Kind::not_in_range, "KEEPCNT", "128", &option_named(TCP_KEEPCNT)}),
            "libkeepalive: KEEPCNT=128 ignored: not a whole number from 1 to 127; the system default stands\n");
}

TEST(Report, NamesTheWordsThatAreAllowed) {
  EXPECT_EQ(text_of({Problem::Kind::not_a_mode, "KEEPALIVE", "maybe", nullptr}),
            "libkeepalive: KEEPALIVE=maybe ignored: not one of on, off, force; on stands\n");
  EXPECT_EQ(text_of({Problem::Kind::not_a_switch, "KEEPALIVE_DEBUG", "yes", nullptr}),
            "libkeepalive: KEEPALIVE_DEBUG=yes ignored: not 0 or 1; 0 stands\n");
  EXPECT_EQ(text_of({Problem::Kind::not_in_range, "KEEPALIVE_USER_TIMEOUT", "soon", &option_named(TCP_USER_TIMEOUT)}),
            "libkeepalive: KEEPALIVE_USER_TIMEOUT=soon ignored: not a whole number from 1 to 2147483647 and not auto; "
            "the system default stands\n");
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
