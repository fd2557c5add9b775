/// @file
/// One line of text, built without allocation or stdio, for places where neither is allowed.
#pragma once

#include <cstddef>
#include <string_view>

namespace keepalive {

/// Text beyond the capacity is cut; the line always ends in a newline.
class Line {
 public:
  static constexpr std::size_t capacity = 512;

  Line& add(const char* text);
  Line& add(long long number);

  /// Text from outside: unprintable characters become `?` (a terminal obeys some of them), and whatever is longer
  /// than 64 characters is cut and ends in `...`.
  Line& add_quoted(const char* text);

  /// The line with its newline. Points into this object.
  std::string_view finish();
  /// The line without a newline. Points into this object.
  [[nodiscard]] std::string_view text() const { return {text_, size_}; }

 private:
  void put(char c) {
    if (size_ < capacity - 1) text_[size_++] = c;
  }

  std::size_t size_ = 0;
  char text_[capacity];  // not initialised: only the first size_ bytes are used
};

}  // namespace keepalive
