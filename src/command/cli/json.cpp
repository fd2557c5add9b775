#include "command/cli/json.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace keepalive::command {
namespace {

// The first character of a text: its bytes, and whether they are valid UTF-8.
struct Character {
  std::size_t size;
  bool valid;
};

// RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return {1, true};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  unsigned code = first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return {1, false};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  constexpr std::array smallest{0x80U, 0x800U, 0x10000U};
  const bool valid = first >= 0xc0 && first < 0xf8 && code >= smallest[size - 2] && code <= 0x10ffffU &&
                     (code < 0xd800U || code > 0xdfffU);
  return {valid ? size : 1, valid};
}

std::string escaped(char c) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  return text.data();
}

}  // namespace

std::string json_string(const std::string& text) {
  std::string quoted(1, '"');
  for (std::string_view rest = text; !rest.empty();) {
    const Character character = first_character(rest);
    if (!character.valid) {
      quoted += "\\ufffd";
    } else if (rest[0] == '"' || rest[0] == '\\') {
      quoted.append(1, '\\').append(1, rest[0]);
    } else if (static_cast<unsigned char>(rest[0]) < ' ' || rest[0] == '\x7f') {
      quoted += escaped(rest[0]);
    } else {
      quoted += rest.substr(0, character.size);
    }
    rest.remove_prefix(character.size);
  }
  return quoted + '"';
}

std::string json_key(const Option& option) {
  std::string key = option.word;
  for (char& c : key) {
    if (c == '-') c = '_';
  }
  return *option.unit == '\0' ? key : key + "_" + option.unit;
}

}  // namespace keepalive::command
