/// @file
/// The sessions in the documents, run as they stand there. A fence that begins with ```console holds commands, each
/// behind `$ `, and all that they print; `...` stands for any characters of a line.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "support/preload.h"

namespace {

using namespace support;

struct Session {
  std::string document;
  int line = 0;  ///< of its fence
  std::vector<std::string> commands;
  std::string output;
};

std::vector<Session> sessions_of(const std::string& document) {
  std::vector<Session> sessions;
  std::ifstream text(std::string(KEEPALIVE_SOURCE "/") + document);
  int number = 0;
  bool inside = false;
  for (std::string line; std::getline(text, line);) {
    ++number;
    if (line == "```console") {
      inside = true;
      sessions.push_back({document, number, {}, {}});
    } else if (line == "```") {
      inside = false;
    } else if (inside && line.rfind("$ ", 0) == 0) {
      sessions.back().commands.push_back(line.substr(2));
    } else if (inside) {
      sessions.back().output += line + "\n";
    }
  }
  return sessions;
}

// The text as a regular expression in which only `...` is special.
std::regex pattern_of(const std::string& text) {
  static const std::regex special(R"([.^$|()\[\]{}*+?\\])");
  const std::string literal = std::regex_replace(text, special, R"(\$&)");
  return std::regex(std::regex_replace(literal, std::regex(R"(\\\.\\\.\\\.)"), "[^\n]*"));
}

class SessionTest : public testing::TestWithParam<Session> {};

INSTANTIATE_TEST_SUITE_P(Documents, SessionTest, testing::ValuesIn(sessions_of("README.md")), [](const auto& row) {
  return std::filesystem::path(row.param.document).stem().string() + "Line" + std::to_string(row.param.line);
});

TEST_P(SessionTest, RunsAsWritten) {
  const std::filesystem::path folder = std::filesystem::path(library).parent_path();
  const std::filesystem::path check_folder = std::filesystem::path(check).parent_path();
  std::string script = "exec 2>&1\n";
  for (const std::string& command : GetParam().commands) script += command + "\n";
  // As if installed: the library is found by its name, the program through PATH.
  const Outcome outcome =
      run({{"bash", "-c", script},
           {{"LD_LIBRARY_PATH", folder.string()}, {"PATH", check_folder.string() + ":/usr/local/bin:/usr/bin:/bin"}}});
  EXPECT_TRUE(std::regex_match(outcome.out, pattern_of(GetParam().output))) << "expected:\n"
                                                                            << GetParam().output << "printed:\n"
                                                                            << outcome.out;
}

}  // namespace
