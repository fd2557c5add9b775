/// @file
/// `keepalive show` on a terminal: width and colours.
#include <gmock/gmock.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include "show.h"

namespace {

using namespace support;
using testing::HasSubstr;

class ShowTerminalTest : public ShowTest {};

/// What the command prints on a terminal of that many columns.
std::string on_terminal(const std::string& arguments, int columns, const Environment& environment) {
  const Outcome outcome =
      run({{"script", "-qec", "stty cols " + std::to_string(columns) + "; " + keepalive_path + " " + arguments,
            "/dev/null"},
           environment});
  return std::regex_replace(outcome.out, std::regex("\r"), "");
}

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
  return widest;
}

// The time to the next probe becomes shorter from one call to the next.
std::string without_time(const std::string& text) {
  return std::regex_replace(text, std::regex("[23]m[0-9]{2}s"), "2m..s");
}

TEST_F(ShowTerminalTest, OnATerminalTheTableFitsAndHasColors) {
  REQUIRE_PROGRAM("script");
  const ConnectedNc on(preloaded(all_values));
  const ConnectedNc off;
  const std::string arguments = "show " + on.target() + " " + off.target();
  const std::string whole = run_keepalive({"show", on.target(), off.target()}).out;

  const std::string wide = on_terminal(arguments, 200, {{"TERM", "xterm"}});
  EXPECT_THAT(wide, HasSubstr("  \033[32m3m+20x1m\033[0m "));
  EXPECT_THAT(wide, HasSubstr("  \033[31moff\033[0m "));
  EXPECT_EQ(widest_line(on_terminal(arguments, 200, {{"TERM", "xterm"}, {"NO_COLOR", "1"}})), widest_line(whole));

  const int narrow = static_cast<int>(widest_line(whole)) - 10;
  const std::string fitted = on_terminal(arguments, narrow, {{"TERM", "xterm"}, {"NO_COLOR", "1"}});
  EXPECT_EQ(widest_line(fitted), static_cast<std::size_t>(narrow)) << fitted;
  EXPECT_THAT(fitted, HasSubstr(std::string("127.~0.1:") + std::to_string(on.port)));

  const auto shown = [](const std::string& line, int columns) {
    return without_time(on_terminal(line, columns, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}));
  };
  EXPECT_EQ(shown(arguments, 40), without_time(whole));  // cannot be made to fit
  EXPECT_EQ(shown(arguments + " --wide", 80),
            without_time(run_keepalive({"show", "--wide", on.target(), off.target()}).out));
}

TEST_F(ShowTerminalTest, ConnectionsFitIn80ColumnsWithTheirPortsInFull) {
  REQUIRE_PROGRAM("script");
  const ConnectedNc nc(preloaded(all_values));
  const Environment environment{{"TERM", "xterm"}, {"NO_COLOR", "1"}};
  const std::string shown = on_terminal("show " + nc.target(), 80, environment);
  const std::string set =
      on_terminal("set --idle 2m --interval 30 --count 4 --user-timeout 4m " + nc.target() + " 2>&1", 80, environment);
  const std::string table = set.substr(0, set.find("keepalive set:"));
  for (const std::string& text : {shown, table}) {
    EXPECT_LE(widest_line(text), 80U) << text;
    EXPECT_THAT(text, HasSubstr(std::string(":") + std::to_string(nc.port) + " "));
    EXPECT_THAT(text, HasSubstr(std::string(":") + std::to_string(nc.listener.port()) + " "));
  }
}

TEST_F(ShowTerminalTest, NoColorAndSimpleTerminalsAreHonoured) {
  REQUIRE_PROGRAM("script");
  const ConnectedNc nc(preloaded(all_values));
  const std::string arguments = "show " + nc.target();
  for (const Environment& environment :
       {Environment{{"TERM", "xterm"}, {"NO_COLOR", "1"}}, Environment{{"TERM", "dumb"}},
        Environment{{"TERM", "dumb"}, {"NO_COLOR", ""}}, Environment{}}) {
    EXPECT_THAT(on_terminal(arguments, 200, environment), testing::Not(HasSubstr("\033")));
  }
  EXPECT_THAT(on_terminal(arguments, 200, {{"TERM", "xterm"}, {"NO_COLOR", ""}}), HasSubstr("\033[32m3m+20x1m\033[0m"));
}

}  // namespace
