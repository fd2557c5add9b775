#include "keepalive/wording.h"

namespace keepalive {
namespace {

void mark_refusal(int refusal, Line& line) {
  if (refusal != 0) line.add(" (refused, errno ").add(refusal).add(")");
}

}  // namespace

void describe_value_error(const Option& option, ValueError error, Milliseconds milliseconds, Line& line) {
  const bool is_time = option.unit[0] != '\0';
  const bool in_milliseconds = option.unit[0] == 'm';
  if (error == ValueError::too_large && is_time) {
    const int hours = option.maximum / (in_milliseconds ? 3'600'000 : 3600);
    line.add("too long, at most ").add(option.maximum).add(" ").add(option.unit);
    line.add(" (about ").add(hours).add(" h)");
    return;
  }
  const bool needs_unit = in_milliseconds && milliseconds == Milliseconds::need_unit;
  line.add(needs_unit ? "not a time with a unit " : "not a whole number ");
  if (is_time && !needs_unit) line.add(in_milliseconds ? "of milliseconds " : "of seconds ");
  line.add("from ").add(option.minimum).add(needs_unit ? " ms to " : " to ").add(option.maximum);
  if (needs_unit) line.add(" ms");
  if (is_time) line.add(needs_unit ? ", such as " : ", or a time such as ");
  if (is_time) line.add(in_milliseconds ? "500ms, 30s, 2m" : "90s, 2m, 1h");
  if (option.automatic) line.add(", or auto");
}

void describe_unused_mode(const char* value, Line& line) {
  line.add(mode_variable).add("=").add_quoted(value).add(" not used: a number belongs to another program");
}

void describe_short_timeout(const char* value, Line& line) {
  line.add(options[option_index(TCP_USER_TIMEOUT)].variable).add("=").add(value).add(" means ").add(value);
  line.add(" ms: one lost packet ends a connection; for seconds write ").add(value).add("s");
}

void describe_cause(const Problem& problem, const char* verdict, Line& line) {
  line.add(problem.variable).add("=").add_quoted(problem.value).add(verdict);
  switch (problem.kind) {
    case Problem::Kind::not_a_mode:
      line.add("not one of on, off, force");
      if (equals_ignoring_case(problem.value, "no") || equals_ignoring_case(problem.value, "false")) {
        line.add(" (did you mean off?)");
      }
      break;
    case Problem::Kind::not_a_switch:
      line.add("not 0 or 1");
      break;
    case Problem::Kind::not_a_value:
      describe_value_error(*problem.option, problem.error, Milliseconds::may_lack_unit, line);
      break;
  }
}

void describe_problem(const Problem& problem, Line& line) {
  line.add("libkeepalive: ");
  describe_cause(problem, " ignored: ", line);
  switch (problem.kind) {
    case Problem::Kind::not_a_mode:
      line.add("; using on");
      break;
    case Problem::Kind::not_a_switch:
      line.add("; using 0");
      break;
    case Problem::Kind::not_a_value:
      line.add("; using the system default");
      break;
  }
}

void describe_value(const Option& option, int value, Line& line) {
  if (value == automatic_value) {
    line.add("auto");
    return;
  }
  line.add(value);
  if (option.unit[0] != '\0') line.add(" ").add(option.unit);
}

void describe_settings(const Settings& settings, const Refusals* refusals, Line& line) {
  line.add("SO_KEEPALIVE 1");
  if (refusals != nullptr) mark_refusal(refusals->keepalive, line);
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (settings.values[i] == 0) continue;
    describe_value(options[i], settings.values[i], line.add(", ").add(options[i].name).add(" "));
    if (refusals != nullptr) mark_refusal(refusals->values[i], line);
  }
}

const char* mode_name(Mode mode) {
  switch (mode) {
    case Mode::off:
      return "off";
    case Mode::force:
      return "force";
    case Mode::on:
      break;
  }
  return "on";
}

}  // namespace keepalive
