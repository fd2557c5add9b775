#include "command/cli/command_line.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "command/cli/error.h"
#include "command/cli/number.h"
#include "command/cli/printable.h"
#include "keepalive/value.h"
#include "keepalive/wording.h"

namespace keepalive::command {
namespace {

[[noreturn]] void refuse(const std::string& name, const std::string& text, const std::string& reason) {
  throw Error(status_usage, "--" + name + " " + quoted(text) + ": " + reason);
}

struct ValueHelp {
  int number;  ///< of the option
  const char* argument;
  const char* help;
};

// A row for each row of `options`, in the order of --help.
constexpr std::array value_help{
    ValueHelp{TCP_KEEPIDLE, "TIME", "silence before the first probe: 1 to 32767 seconds, or 90s, 5m, 1h"},
    ValueHelp{TCP_KEEPINTVL, "TIME", "time between probes: 1 to 32767 seconds"},
    ValueHelp{TCP_KEEPCNT, "N", "unanswered probes before the connection is dead: 1 to 127"},
    ValueHelp{TCP_USER_TIMEOUT, "TIME",
              "how long sent data may stay unacknowledged: 500ms, 30s, 5m; auto: idle + interval x count"},
};

constexpr bool has_help(const Option& option) {
  return std::any_of(value_help.begin(), value_help.end(),
                     [&](const ValueHelp& row) { return row.number == option.number; });
}
static_assert(value_help.size() == options.size() && std::all_of(options.begin(), options.end(), has_help));

// The text in lines of at most 80 columns; those after the first begin with `indent` spaces.
std::string wrapped(const std::string& text, std::size_t indent) {
  std::string lines;
  std::size_t column = indent;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (column == indent) {
      column += word.size();
    } else if (column + 1 + word.size() <= 80) {
      lines += ' ';
      column += 1 + word.size();
    } else {
      lines += "\n" + std::string(indent, ' ');
      column = indent + word.size();
    }
    lines += word;
  }
  return lines;
}

std::string help_text(const std::vector<Flag>& flags) {
  const auto usage_of = [](const Flag& flag) {
    return "--" + flag.name + (flag.argument.empty() ? "" : " " + flag.argument);
  };
  std::size_t width = 0;
  for (const Flag& flag : flags) width = std::max(width, usage_of(flag).size());
  std::string text;
  for (const Flag& flag : flags) {
    const std::string usage = usage_of(flag);
    text += "  " + usage + std::string(width - usage.size() + 2, ' ') + wrapped(flag.help, width + 4) + "\n";
  }
  return text + "  --help\n";
}

const Flag* find_flag(const std::vector<Flag>& flags, const std::string& argument) {
  for (const Flag& flag : flags) {
    if (argument == "--" + flag.name) return &flag;
  }
  return nullptr;
}

}  // namespace

int parse_whole_number(const std::string& name, const std::string& text, int minimum, int maximum) {
  const std::optional<int> number = whole_number(text);
  if (!number || *number < minimum || *number > maximum) {
    refuse(name, text, "not a whole number from " + std::to_string(minimum) + " to " + std::to_string(maximum));
  }
  return *number;
}

std::string suggest_flag(const std::string& operand, const std::vector<Flag>& flags) {
  for (const Flag& flag : flags) {
    if (flag.claims && flag.claims(operand)) return "; did you mean --" + flag.name + " " + shortened(operand) + "?";
  }
  const std::size_t equals = operand.find('=');
  const std::string name = "--" + operand.substr(0, equals);
  const Flag* const flag = find_flag(flags, name);
  if (flag == nullptr) return "";
  std::string hint = "; did you mean " + name;
  if (!flag->argument.empty()) {
    hint.append(" ").append(equals != std::string::npos ? shortened(operand.substr(equals + 1)) : flag->argument);
  }
  return hint + "?";
}

int parse_value(const Option& option, const std::string& text) {
  const ParsedValue parsed = keepalive::parse_value(option, text.c_str(), Milliseconds::need_unit);
  if (parsed.error == ValueError::none) return parsed.value;
  if (parsed.error == ValueError::no_unit) {
    refuse(option.word, text,
           "needs a unit: " + shortened(text) + "s for seconds or " + shortened(text) + "ms for milliseconds");
  }
  Line line;
  describe_value_error(option, parsed.error, Milliseconds::need_unit, line);
  refuse(option.word, text, std::string(line.text()));
}

std::vector<Flag> value_flags(Settings& settings) {
  std::vector<Flag> flags;
  for (const ValueHelp& row : value_help) {
    const std::size_t i = option_index(row.number);
    flags.push_back({options[i].word, row.argument, row.help,
                     [&settings, i](const auto& text) { settings.values[i] = parse_value(options[i], text); }});
  }
  return flags;
}

Arguments parse(const Arguments& arguments, const std::vector<Flag>& flags, Operands operands) {
  const std::string see = "; see keepalive " + arguments.at(0) + " --help";
  Arguments rest;
  std::size_t i = 1;
  for (; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--") {
      ++i;
      break;
    }
    if (argument.size() < 2 || argument[0] != '-') {
      if (operands == Operands::end_flags) break;
      rest.push_back(argument);
      continue;
    }
    if (argument == "--help" || argument == "-h") throw HelpAsked{help_text(flags)};
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const Flag* const flag = find_flag(flags, name);
    if (flag == nullptr) throw Error(status_usage, "unknown option " + shortened(name) + see);
    if (flag->argument.empty()) {
      if (equals != std::string::npos) throw Error(status_usage, name + " takes no value" + see);
      flag->take("");
    } else if (equals != std::string::npos) {
      flag->take(argument.substr(equals + 1));
    } else if (i + 1 < arguments.size()) {
      flag->take(arguments[++i]);
    } else {
      throw Error(status_usage, name + " needs a value" + see);
    }
  }
  rest.insert(rest.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
  return rest;
}

}  // namespace keepalive::command
