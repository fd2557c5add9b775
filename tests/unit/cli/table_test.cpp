#include "command/cli/table.h"

#include <gtest/gtest.h>

namespace keepalive::command {
namespace {

const std::vector<Column> columns{{"PID", true}, {"PROCESS", false, true}, {"STATE"}, {"ADDRESS", false, true}};
const std::vector<std::vector<Cell>> rows{
    {{"7"}, {"short"}, {"on", Color::green}, {"127.0.0.1:80", Color::none, 3}},
    {{"12345"}, {"a-long-process-name"}, {"off", Color::red}, {"[2001:db8::1]:54321", Color::none, 7}},
};

std::string table(const Style& style) { return format_table(columns, rows, style); }

TEST(Table, PutsEachColumnUnderItsTitle) {
  EXPECT_EQ(table({}),
            "  PID  PROCESS              STATE  ADDRESS\n"
            "    7  short                on     127.0.0.1:80\n"
            "12345  a-long-process-name  off    [2001:db8::1]:54321\n");
}

TEST(Table, HasItsTitlesWithoutRowsToo) { EXPECT_EQ(format_table(columns, {}, {}), "PID  PROCESS  STATE  ADDRESS\n"); }

TEST(Table, IsAsItIsWhereTheLineIsWideEnough) {
  EXPECT_EQ(table({.width = 54}), table({}));  // 5 + 19 + 5 + 19, and three gaps
  EXPECT_EQ(table({.width = 200}), table({}));
}

TEST(Table, HasOneSpaceBetweenColumnsIfThatMakesItFit) {
  const std::string dense =
      "  PID PROCESS             STATE ADDRESS\n"
      "    7 short               on    127.0.0.1:80\n"
      "12345 a-long-process-name off   [2001:db8::1]:54321\n";
  EXPECT_EQ(table({.width = 53}), dense);
  EXPECT_EQ(table({.width = 51}), dense);
}

TEST(Table, ShortensTheWidestTextsInTheMiddle) {
  EXPECT_EQ(table({.width = 47}),
            "  PID PROCESS           STATE ADDRESS\n"
            "    7 short             on    127.0.0.1:80\n"
            "12345 a-long-p~ess-name off   [2001~8::1]:54321\n");
}

TEST(Table, NeverShortensTheTail) {
  EXPECT_EQ(table({.width = 34}),
            "  PID PROCESS   STATE ADDRESS\n"
            "    7 short     on    127.0.0.1:80\n"
            "12345 a-lo~name off   [2~:1]:54321\n");
}

TEST(Table, ShortensNothingIfThatIsNotEnough) {
  EXPECT_EQ(table({.width = 29}), table({}));
  EXPECT_EQ(table({.width = 1}), table({}));
}

TEST(Table, TakesTheSpacesAroundAnArrowIfNothingElseHelps) {
  const std::vector<std::vector<Cell>> changed{{{"7"}, {"short"}, {"off -> on"}, {"*"}}};
  EXPECT_EQ(format_table(columns, changed, {.width = 28}),
            "PID PROCESS STATE   ADDRESS\n"
            "  7 short   off->on *\n");
}

TEST(Table, LeavesOutAnOptionalColumnThatHasNoValue) {
  const std::vector<Column> two{{"A", false, false, true}, {"B", false, false, true}, {"C"}};
  EXPECT_EQ(format_table(two, {{{"-"}, {"-"}, {"-"}}, {{"-"}, {"1"}, {"-"}}}, {}),
            "B  C\n"
            "-  -\n"
            "1  -\n");
}

TEST(Table, ColorsTheTextAndNotTheSpaceAroundIt) {
  EXPECT_EQ(format_table({{"A"}, {"B", true}, {"C"}},
                         {{{"on", Color::green}, {"1", Color::none}, {"off", Color::red}}, {{"x"}, {"22"}, {"y"}}},
                         {.colors = true}),
            "A    B  C\n"
            "\033[32mon\033[0m   1  \033[31moff\033[0m\n"
            "x   22  y\n");
}

TEST(Table, ColorsTakeNoWidth) {
  std::string colored = table({.width = 47, .colors = true});
  for (const std::string code : {"\033[32m", "\033[31m", "\033[0m"}) {
    for (std::size_t at = colored.find(code); at != std::string::npos; at = colored.find(code)) {
      colored.erase(at, code.size());
    }
  }
  EXPECT_EQ(colored, table({.width = 47}));
}

}  // namespace
}  // namespace keepalive::command
