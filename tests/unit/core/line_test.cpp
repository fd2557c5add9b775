#include "keepalive/line.h"

#include <gtest/gtest.h>

#include <climits>
#include <string>

namespace keepalive {
namespace {

TEST(Line, JoinsTextAndNumbers) {
  Line line;
  line.add("a ").add(0LL).add(" ").add(-7).add(" ").add(LLONG_MIN).add(" ").add(LLONG_MAX);
  EXPECT_EQ(line.finish(), "a 0 -7 -9223372036854775808 9223372036854775807\n");
}

TEST(Line, AnEmptyLineIsANewline) {
  Line line;
  EXPECT_EQ(line.finish(), "\n");
}

TEST(Line, CutsAtItsCapacityAndStillEndsInANewline) {
  Line line;
  line.add(std::string(2 * Line::capacity, 'x').c_str());
  EXPECT_EQ(line.finish(), std::string(Line::capacity - 1, 'x') + "\n");
}

TEST(Line, QuotesWhatATerminalWouldObey) {
  Line line;
  line.add_quoted("a\n\033[31mb\x80\xff\x7f~ ");
  EXPECT_EQ(line.finish(), "a??[31mb???~ \n");
}

TEST(Line, QuotesAtMost64Characters) {
  const std::string text(64, 'y');
  Line fits;
  fits.add_quoted(text.c_str());
  EXPECT_EQ(fits.finish(), text + "\n");
  Line cut;
  cut.add_quoted((text + "y").c_str());
  EXPECT_EQ(cut.finish(), text + "...\n");
}

}  // namespace
}  // namespace keepalive
