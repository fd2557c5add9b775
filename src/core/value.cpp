#include "keepalive/value.h"

namespace keepalive {
namespace {

struct Unit {
  char name[4];
  int milliseconds;
};

constexpr Unit units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"min", 60 * 1000}, {"h", 60 * 60 * 1000},
};

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool equal(const char* a, const char* b) {
  for (; *a != '\0' && *a == *b; ++a) ++b;
  return *a == *b;
}

bool counts_milliseconds(const Option& option) { return option.unit[0] == 'm'; }

// How many of the option's own unit the written unit is; 0 if the option does not take it.
int factor_of(const Option& option, const char* written) {
  if (*written == '\0') return 1;
  const int own = counts_milliseconds(option) ? 1 : 1000;
  for (const Unit& unit : units) {
    if (equal(written, unit.name)) return option.unit[0] != '\0' ? unit.milliseconds / own : 0;
  }
  return 0;
}

}  // namespace

bool equals_ignoring_case(const char* text, const char* lower_case_word) {
  while (*text != '\0' && to_lower(*text) == *lower_case_word) {
    ++text;
    ++lower_case_word;
  }
  return *text == *lower_case_word;
}

bool is_number(const char* text) {
  const char* digit = text;
  while (is_digit(*digit)) ++digit;
  return digit != text && *digit == '\0';
}

int number_of(const char* text) {
  constexpr Option any_number{"", "", "", "", 0, 1, INT_MAX, 0};
  return parse_value(any_number, text, Milliseconds::may_lack_unit).value;
}

ParsedValue parse_value(const Option& option, const char* text, Milliseconds milliseconds) {
  if (option.automatic && equals_ignoring_case(text, "auto")) return {automatic_value};
  long long number = 0;
  const char* rest = text;
  for (; is_digit(*rest); ++rest) {
    if (number <= option.maximum) number = number * 10 + (*rest - '0');  // else it is too large already
  }
  const int factor = factor_of(option, rest);
  if (rest == text || factor == 0 || number == 0) return {0, ValueError::malformed};
  if (milliseconds == Milliseconds::need_unit && *rest == '\0' && counts_milliseconds(option)) {
    return {0, ValueError::no_unit};
  }
  if (number > option.maximum / factor) return {0, ValueError::too_large};
  return {static_cast<int>(number) * factor};
}

}  // namespace keepalive
