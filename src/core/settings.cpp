#include "keepalive/settings.h"

namespace keepalive {
namespace {

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

  void add_problem(const Problem& problem) { result_.problems[result_.problem_count++] = problem; }

  void read_mode() {
    const char* value = given(mode_variable);
    if (value == nullptr || equals_ignoring_case(value, "on")) return;
    if (equals_ignoring_case(value, "off")) {
      settings().mode = Mode::off;
    } else if (equals_ignoring_case(value, "force")) {
      settings().mode = Mode::force;
    } else if (is_number(value)) {
      result_.unused_mode = value;
    } else {
      add_problem({Problem::Kind::not_a_mode, mode_variable, value});
    }
  }

  void read_debug() {
    const char* value = given(debug_variable);
    if (value == nullptr || equals_ignoring_case(value, "0")) return;
    if (equals_ignoring_case(value, "1")) {
      settings().debug = true;
    } else {
      add_problem({Problem::Kind::not_a_switch, debug_variable, value});
    }
  }

  void read_values() {
    for (std::size_t i = 0; i < options.size(); ++i) {
      const Option& option = options[i];
      const char* text = given(option.variable);
      if (text == nullptr) continue;
      const ParsedValue parsed = parse_value(option, text, Milliseconds::may_lack_unit);
      settings().values[i] = parsed.value;
      if (parsed.value == automatic_value) settings().automatic_timeout = true;
      if (option.number == TCP_USER_TIMEOUT && parsed.value > 0 && parsed.value < 1000 && is_number(text)) {
        result_.short_timeout = text;
      }
      if (parsed.error == ValueError::none) continue;
      add_problem({Problem::Kind::not_a_value, option.variable, text, &option, parsed.error});
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

SettingsAndProblems read_settings(Lookup look_up) {
  SettingsAndProblems result;
  Reader(look_up, result).read();
  return result;
}

}  // namespace keepalive
