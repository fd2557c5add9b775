/// @file
/// Numbers in text.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace keepalive::command {

/// The number if the whole text is one, in plain decimal. None if it is not, or does not fit.
inline std::optional<int> whole_number(std::string_view text) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

}  // namespace keepalive::command
