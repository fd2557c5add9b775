/// @file
/// Text from outside: anybody can choose the names of processes and network interfaces.
#pragma once

#include <algorithm>
#include <string>

namespace keepalive::command {

/// Whether a terminal shows the character as it is: printable ASCII.
constexpr bool is_printable(char c) { return c >= ' ' && c <= '~'; }

/// The text with `?` for each other byte: a terminal takes some of them as commands, and others may not be valid UTF-8.
inline std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return !is_printable(c); }, '?');
  return text;
}

/// What a user has typed, for a message: printable, and its beginning alone if it is longer than 200 bytes.
std::string shortened(const std::string& text);

/// The same in quotes.
std::string quoted(const std::string& text);

/// What to say of a word that begins with a dash of typography instead of `-`, as copied text does: the end of a
/// message. Empty for all other words.
std::string describe_wrong_dash(const std::string& word);

}  // namespace keepalive::command
