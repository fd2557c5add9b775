#include "keepalive/settings.h"

namespace keepalive {
namespace {

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_ignoring_case(const char* text, const char* lower_case_word) {
  while (*text != '\0' && to_lower(*text) == *lower_case_word) {
    ++text;
    ++lower_case_word;
  }
  return *text == *lower_case_word;
}

class Reader {
 public:
  Reader(Lookup look_up, SettingsAndProblems& result) : look_up_(look_up), result_(result) {}

  void read() {
    read_mode();
    read_debug();
    if (settings().mode != Mode::off) read_values();
  }

 private:
  Settings& settings() { return result_.settings; }

  const char* given(const char* variable) const {
    const char* value = look_up_(variable);
    return value != nullptr && *value != '\0' ? value : nullptr;
  }

  void refuse(Problem::Kind kind, const char* variable, const char* value, const Option* option = nullptr) {
    result_.problems[result_.problem_count++] = Problem{kind, variable, value, option};
  }

  void read_mode() {
    const char* value = given(mode_variable);
    if (value == nullptr || equals_ignoring_case(value, "on")) return;
    if (equals_ignoring_case(value, "off")) {
      settings().mode = Mode::off;
    } else if (equals_ignoring_case(value, "force")) {
      settings().mode = Mode::force;
    } else {
      refuse(Problem::Kind::not_a_mode, mode_variable, value);
    }
  }

  void read_debug() {
    const char* value = given(debug_variable);
    if (value == nullptr || equals_ignoring_case(value, "0")) return;
    if (equals_ignoring_case(value, "1")) {
      settings().debug = true;
    } else {
      refuse(Problem::Kind::not_a_switch, debug_variable, value);
    }
  }

  void read_values() {
    for (std::size_t i = 0; i < options.size(); ++i) {
      const Option& option = options[i];
      const char* text = given(option.variable);
      if (text == nullptr) continue;
      int& value = settings().values[i];
      if (option.automatic && equals_ignoring_case(text, "auto")) {
        value = automatic_value;
      } else {
        value = parse_number(text, option.minimum, option.maximum);
        if (value == 0) refuse(Problem::Kind::not_in_range, option.variable, text, &option);
      }
    }
    compute_automatic_values();
  }

  void compute_automatic_values() {
    const int idle = settings().values[option_index(TCP_KEEPIDLE)];
    const int interval = settings().values[option_index(TCP_KEEPINTVL)];
    const int count = settings().values[option_index(TCP_KEEPCNT)];
    if (idle == 0 || interval == 0 || count == 0) return;
    for (int& value : settings().values) {
      if (value == automatic_value) value = milliseconds_until_dead(idle, interval, count);
    }
  }

  Lookup look_up_;
  SettingsAndProblems& result_;
};

}  // namespace

int parse_number(const char* text, int minimum, int maximum) {
  long long number = 0;
  const char* digit = text;
  for (; *digit >= '0' && *digit <= '9'; ++digit) {
    number = number * 10 + (*digit - '0');
    if (number > maximum) return 0;  // also what keeps `number` from overflowing
  }
  const bool whole_text = digit != text && *digit == '\0';
  return whole_text && number >= minimum ? static_cast<int>(number) : 0;
}

SettingsAndProblems read_settings(Lookup look_up) {
  SettingsAndProblems result;
  Reader(look_up, result).read();
  return result;
}

}  // namespace keepalive
