#include "command/cli/json.h"

#include <gtest/gtest.h>

namespace keepalive::command {
namespace {

TEST(JsonString, IsQuoted) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("nc"), R"("nc")");
  EXPECT_EQ(json_string(R"(a "b" \c)"), R"("a \"b\" \\c")");
}

TEST(JsonString, EscapesWhatATerminalObeys) {
  EXPECT_EQ(json_string("a\nb\tc\033[31m\x7f"), R"("a\u000ab\u0009c\u001b[31m\u007f")");
  EXPECT_EQ(json_string(std::string("a\0b", 3)), R"("a\u0000b")");
}

TEST(JsonString, KeepsUtf8) {
  for (const char* text : {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(json_string(text), std::string("\"") + text + "\"");
  }
}

TEST(JsonString, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(json_string("\xff"), R"("\ufffd")");
  EXPECT_EQ(json_string("\xc3"), R"("\ufffd")");                                // cut
  EXPECT_EQ(json_string("\xc3(x"), R"("\ufffd(x")");                            // no continuation
  EXPECT_EQ(json_string("\xa4"), R"("\ufffd")");                                // a continuation alone
  EXPECT_EQ(json_string("\xc0\xaf"), R"("\ufffd\ufffd")");                      // overlong
  EXPECT_EQ(json_string("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");            // a surrogate
  EXPECT_EQ(json_string("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");  // beyond U+10FFFF
}

TEST(JsonKey, IsTheWordWithTheUnit) {
  EXPECT_EQ(json_key(options[option_index(TCP_KEEPCNT)]), "count");
  EXPECT_EQ(json_key(options[option_index(TCP_KEEPIDLE)]), "idle_s");
  EXPECT_EQ(json_key(options[option_index(TCP_USER_TIMEOUT)]), "user_timeout_ms");
}

}  // namespace
}  // namespace keepalive::command
