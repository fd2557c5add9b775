#include "keepalive/value.h"

#include <gtest/gtest.h>

#include <string>

namespace keepalive {
namespace {

// Each row of the table, with its boundaries.
class ValueTest : public testing::TestWithParam<Option> {
 protected:
  static const Option& row() { return GetParam(); }
  static ParsedValue parse(const std::string& text) {
    return parse_value(row(), text.c_str(), Milliseconds::may_lack_unit);
  }
};

INSTANTIATE_TEST_SUITE_P(Value, ValueTest, testing::ValuesIn(options),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(ValueTest, TakesItsSmallestAndLargest) {
  EXPECT_EQ(parse(std::to_string(row().minimum)).value, row().minimum);
  EXPECT_EQ(parse(std::to_string(row().maximum)).value, row().maximum);
  EXPECT_EQ(parse("00" + std::to_string(row().maximum)).value, row().maximum);
  EXPECT_EQ(parse(std::to_string(row().maximum)).error, ValueError::none);
}

TEST_P(ValueTest, RefusesWhatIsTooLarge) {
  for (const std::string& text :
       {std::to_string(row().maximum + 1LL), std::to_string(4294967296LL + row().minimum),
        std::string("18446744073709551621"), std::string(40, '9'), "0" + std::string(40, '9')}) {
    EXPECT_EQ(parse(text).value, 0) << text;
    EXPECT_EQ(parse(text).error, ValueError::too_large) << text;
  }
}

TEST_P(ValueTest, RefusesWhatIsNoNumber) {
  for (const char* text : {"",     " ",   "x",         " 5",       "5 ",   "+5",  "-5",  "-0",   "5.5",  "1e2", "0x5",
                           "5,",   "5 s", "5S",        "5d",       "5sec", "s",   "m",   "--",   "0",    "0s",  "00",
                           "5m5s", "5mi", "automatic", "5minutes", "six",  "6\n", "\t6", "1.5m", "autos"}) {
    EXPECT_EQ(parse(text).value, 0) << text;
    EXPECT_EQ(parse(text).error, ValueError::malformed) << text;
  }
  EXPECT_EQ(parse(std::string(40, '9') + "x").error, ValueError::malformed);
}

TEST_P(ValueTest, MultipliesByTheUnitIfItIsATime) {
  struct Unit {
    const char* name;
    long long milliseconds;
  };
  const std::string own = row().unit;
  const long long own_milliseconds = own == "ms" ? 1 : 1000;
  for (const Unit unit :
       {Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60'000}, Unit{"min", 60'000}, Unit{"h", 3'600'000}}) {
    const std::string name = unit.name;
    if (own.empty() || unit.milliseconds < own_milliseconds) {
      EXPECT_EQ(parse("7" + name).error, ValueError::malformed);
      continue;
    }
    const long long factor = unit.milliseconds / own_milliseconds;
    const long long largest = row().maximum / factor;
    EXPECT_EQ(parse("7" + name).value, 7 * factor);
    EXPECT_EQ(parse(std::to_string(largest) + name).value, largest * factor);
    EXPECT_EQ(parse(std::to_string(largest + 1) + name).error, ValueError::too_large);
    EXPECT_EQ(parse("0" + name).error, ValueError::malformed);
    // If the multiplication overflowed, the result would be in range.
    EXPECT_EQ(parse("9223372036854775807" + name).error, ValueError::too_large);
  }
}

TEST_P(ValueTest, TakesAutoIfThatMeansSomething) {
  for (const char* text : {"auto", "AUTO", "Auto"}) EXPECT_EQ(parse(text).value, row().automatic ? automatic_value : 0);
}

TEST_P(ValueTest, NeedsAUnitForMillisecondsIfThatIsAsked) {
  const std::string own = row().unit;
  const auto parse_strictly = [](const std::string& text) {
    return parse_value(row(), text.c_str(), Milliseconds::need_unit);
  };
  EXPECT_EQ(parse_strictly("30").error, own == "ms" ? ValueError::no_unit : ValueError::none);
  EXPECT_EQ(parse_strictly("30" + own).value, 30);
  EXPECT_EQ(parse_strictly("0").error, ValueError::malformed);
  EXPECT_EQ(parse_strictly("auto").value, row().automatic ? automatic_value : 0);
}

}  // namespace
}  // namespace keepalive
