/// @file
/// The sessions in the documents: commands and their output.
#pragma once

#include <string>
#include <vector>

namespace documents {

struct Session {
  std::string document;
  int line = 0;  ///< where it begins
  std::vector<std::string> commands;
  std::string output;  ///< of all commands; `...` stands for any characters of a line
};

/// The lines of a document, by its path in the source; empty if there is none.
std::vector<std::string> lines_of(const std::string& document);

/// In Markdown, a session is a block that begins with ```console; in a manual page, a literal display that begins with
/// a command. A line with a command begins with `$ `; all other lines are output.
std::vector<Session> sessions_in(const std::string& document);

/// The name of a document, as part of a test's name: without folder, `.` and `-`.
std::string test_name(const std::string& document);

/// The plain text of a line of a literal display in a manual page.
std::string unescaped(const std::string& roff);

}  // namespace documents
