/// @file
/// The manual pages: well-formed, and with the options that the command has.
#include <gmock/gmock.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include "command/cgroup/cgroup_table.h"
#include "command/sockets/socket_table.h"
#include "help.h"
#include "keepalive/options.h"
#include "sessions.h"
#include "support/requirements.h"

namespace {

using namespace documents;
using namespace support;

constexpr char page[] = "docs/keepalive.1";

class ManualTest : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Pages, ManualTest, testing::Values(page, "docs/keepalive-check.1", "docs/libkeepalive.7"),
                         [](const auto& row) { return test_name(row.param); });

TEST_P(ManualTest, IsWellFormed) {
  REQUIRE_PROGRAM("mandoc");
  std::istringstream messages(run({{"mandoc", "-Tlint", KEEPALIVE_SOURCE "/" + GetParam()}, {}}).out);
  for (std::string line; std::getline(messages, line);) {
    // This message depends on the manual pages that the machine has.
    if (line.find("referenced manual not found") == std::string::npos) ADD_FAILURE() << line;
  }
}

// The options in lines of the page that begin with `macro`, between the line `begin` and the next that matches `end`.
Options options_between(const std::string& begin, const std::string& end, const std::string& macro) {
  static const std::regex option("Fl -([a-z][a-z-]*)");
  const std::regex end_pattern(end);
  Options found;
  bool inside = false;
  for (const std::string& line : lines_of(page)) {
    if (line == begin) {
      inside = true;
    } else if (std::regex_search(line, end_pattern)) {
      inside = false;
    }
    std::smatch match;
    if (inside && line.rfind(macro, 0) == 0 && std::regex_search(line, match, option)) {
      found.insert("--" + match[1].str());
    }
  }
  return found;
}

Options in_the_synopsis(const std::string& subcommand) {
  return options_between(".Cm " + subcommand, R"(^\.(Nm|Sh))", ".Op");
}

Options described_under(const std::string& title) { return options_between(".Ss " + title, R"(^\.(Ss|Sh))", ".It"); }

// --help is described once for all subcommands.
Options options_but_help(const std::string& subcommand) {
  Options options = options_in_help(subcommand);
  EXPECT_EQ(options.erase("--help"), 1U);
  return options;
}

class SubcommandTest : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Manual, SubcommandTest, testing::ValuesIn(subcommands),
                         [](const auto& row) { return row.param; });

// groff starts a line of the synopsis at `.Nm` only if this macro has no arguments.
TEST_P(SubcommandTest, StartsALineOfTheSynopsis) {
  const std::vector<std::string> start{".Nm", ".Cm " + GetParam()};
  const std::vector<std::string> lines = lines_of(page);
  EXPECT_NE(std::search(lines.begin(), lines.end(), start.begin(), start.end()), lines.end());
}

TEST_P(SubcommandTest, HasItsOptionsInTheSynopsis) {
  EXPECT_EQ(in_the_synopsis(GetParam()), options_but_help(GetParam()));
}

TEST_P(SubcommandTest, HasItsOptionsDescribed) {
  Options described = described_under("keepalive " + GetParam());
  // What run, set and attach have in common.
  if (options_in_help(GetParam()).count("--idle") != 0) described.merge(described_under("Values"));
  EXPECT_EQ(described, options_but_help(GetParam()));
}

// As wide as a terminal is at least.
void expect_narrow(const std::vector<std::string>& arguments) {
  std::istringstream help(run({joined({KEEPALIVE_COMMAND}, arguments), {}}).out);
  for (std::string line; std::getline(help, line);) EXPECT_LE(line.size(), 80U) << line;
}

TEST(Help, Has80ColumnsAtMost) { expect_narrow({"--help"}); }

TEST_P(SubcommandTest, HasHelpOf80ColumnsAtMost) { expect_narrow({GetParam(), "--help"}); }

TEST_P(SubcommandTest, SaysInItsHelpWhatItsExitStatusMeans) {
  const std::string help = run({{KEEPALIVE_COMMAND, GetParam(), "--help"}, {}}).out;
  EXPECT_THAT(help, testing::ContainsRegex("\nExit status: ([^\n]+\n)*[^\n]*2 "));
}

TEST(Variables, AreInHelpAndDocuments) {
  std::vector<std::string> texts{run({{KEEPALIVE_COMMAND, "run", "--help"}, {}}).out};
  for (const char* document : {"README.md", "docs/libkeepalive.7"}) {
    texts.emplace_back();
    for (const std::string& line : lines_of(document)) texts.back() += line + "\n";
  }
  for (const keepalive::Option& option : keepalive::options) {
    const std::string whole_name = std::string("(^|[^A-Z_])") + option.variable;  // not TCP_KEEPIDLE
    EXPECT_THAT(texts, testing::Each(testing::ContainsRegex(whole_name)));
  }
}

std::string section(const std::string& title) {
  std::string text;
  bool inside = false;
  for (const std::string& line : lines_of(page)) {
    if (line.rfind(".Ss", 0) == 0 || line.rfind(".Sh", 0) == 0) inside = line == ".Ss " + title;
    if (inside) text += line + "\n";
  }
  return text;
}

TEST(ManualColumns, AreAllDescribed) {
  using namespace keepalive::command;
  const auto expect_described = [](const std::string& subcommand, const std::vector<Column>& columns) {
    const std::string text = section("keepalive " + subcommand);
    for (const Column& column : columns) {
      EXPECT_THAT(text, testing::ContainsRegex("(^|[ \n])" + column.title + "([ ,.\n]|$)")) << subcommand;
    }
  };
  expect_described("show", show_columns(Layout::narrow));
  expect_described("show", show_columns(Layout::wide));
  expect_described("attached", attached_columns());
  std::vector<Column> columns = attach_columns(true);
  columns.erase(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(attached_columns().size()) - 1);
  expect_described("attach", columns);  // those that `attached` has not
}

}  // namespace
