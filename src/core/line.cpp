#include "keepalive/line.h"

namespace keepalive {

Line& Line::add(const char* text) {
  for (; *text != '\0'; ++text) put(*text);
  return *this;
}

Line& Line::add(long long number) {
  char digits[20];  // 2^64 has 20
  std::size_t count = 0;
  auto rest = number < 0 ? 0ULL - static_cast<unsigned long long>(number) : static_cast<unsigned long long>(number);
  do {
    digits[count++] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (number < 0) put('-');
  while (count > 0) put(digits[--count]);
  return *this;
}

Line& Line::add_quoted(const char* text) {
  constexpr int longest = 64;
  for (int length = 0; *text != '\0'; ++text, ++length) {
    if (length == longest) return add("...");
    put(*text >= ' ' && *text <= '~' ? *text : '?');
  }
  return *this;
}

std::string_view Line::finish() {
  text_[size_] = '\n';  // put() leaves room for it
  return {text_, size_ + 1};
}

}  // namespace keepalive
