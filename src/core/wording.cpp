#include "keepalive/wording.h"

namespace keepalive {
namespace {

void describe_range(const Option& option, Line& line) {
  line.add("not a whole number from ").add(option.minimum).add(" to ").add(option.maximum);
  if (option.automatic) line.add(" and not auto");
}

void describe_setting(const char* name, int value, const char* unit, int refusal, Line& line) {
  line.add(name).add(" ");
  if (value == automatic_value) {
    line.add("auto");
  } else {
    line.add(value);
  }
  if (*unit != '\0' && value != automatic_value) line.add(" ").add(unit);
  if (refusal != 0) line.add(" (refused, errno ").add(refusal).add(")");
}

}  // namespace

void describe_cause(const Problem& problem, const char* verdict, Line& line) {
  line.add(problem.variable).add("=").add_quoted(problem.value).add(verdict);
  switch (problem.kind) {
    case Problem::Kind::not_a_mode:
      line.add("not one of on, off, force");
      break;
    case Problem::Kind::not_a_switch:
      line.add("not 0 or 1");
      break;
    case Problem::Kind::not_in_range:
      describe_range(*problem.option, line);
      break;
  }
}

void describe_problem(const Problem& problem, Line& line) {
  line.add("libkeepalive: ");
  describe_cause(problem, " ignored: ", line);
  switch (problem.kind) {
    case Problem::Kind::not_a_mode:
      line.add("; on stands");
      break;
    case Problem::Kind::not_a_switch:
      line.add("; 0 stands");
      break;
    case Problem::Kind::not_in_range:
      line.add("; the system default stands");
      break;
  }
}

void describe_settings(const Settings& settings, const Refusals* refusals, Line& line) {
  describe_setting("SO_KEEPALIVE", 1, "", refusals != nullptr ? refusals->keepalive : 0, line);
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (settings.values[i] == 0) continue;
    line.add(", ");
    describe_setting(options[i].name, settings.values[i], options[i].unit,
                     refusals != nullptr ? refusals->values[i] : 0, line);
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
