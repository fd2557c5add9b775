/// @file
/// The sessions in the documents: commands, and what they print.
#pragma once

#include <string>
#include <vector>

namespace documents {

struct Session {
  std::string document;
  int line = 0;  ///< where it begins
  std::vector<std::string> commands;
  std::string output;  ///< of them all; `...` stands for any characters of a line
};

/// The text of a document of the project, by its path in the source; empty where there is none.
std::vector<std::string> lines_of(const std::string& document);

/// In a page of Markdown the fences that begin with ```console, in a manual page the literal displays that begin with a
/// command. There `$ ` stands in front of each command, and everything else is output.
std::vector<Session> sessions_in(const std::string& document);

/// The name of a document without its folder, in letters that a test's name may have.
std::string test_name(const std::string& document);

/// The plain text of a line of a literal display in a manual page.
std::string unescaped(const std::string& roff);

}  // namespace documents
