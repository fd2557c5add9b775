#include "command/cli/command_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "command/cli/error.h"
#include "command/cli/number.h"

namespace keepalive::command {
namespace {

struct Unit {
  std::string_view name;
  int milliseconds;
};

constexpr std::array<Unit, 4> units{Unit{"ms", 1}, Unit{"s", 1000}, Unit{"m", 60 * 1000}, Unit{"h", 60 * 60 * 1000}};

const Unit* find_unit(std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

// How many of the option's own unit the written unit makes; 0 where it can't be written for this option.
int factor_of(const Option& option, std::string_view written) {
  if (written.empty()) return 1;
  const Unit* const own = find_unit(option.unit);
  const Unit* const given = find_unit(written);
  return own != nullptr && given != nullptr ? given->milliseconds / own->milliseconds : 0;
}

std::string allowed(const Option& option) {
  std::string text = "a whole number from " + std::to_string(option.minimum) + " to " + std::to_string(option.maximum);
  const Unit* const own = find_unit(option.unit);
  if (own != nullptr) {
    text += own->milliseconds == 1 ? " milliseconds" : " seconds";
    text += ", or with a unit, as in 90s, 5m, 1h";
  }
  if (option.automatic) text += "; or auto";
  return text;
}

[[noreturn]] void refuse(const std::string& name, const std::string& text, const std::string& allowed) {
  throw Error(status_usage, "--" + name + " '" + text + "': not " + allowed);
}

struct ValueHelp {
  int number;  ///< of the option
  const char* argument;
  const char* help;
};

// A row for each row of `options`, in the order of --help.
constexpr std::array<ValueHelp, options.size()> value_help{
    ValueHelp{TCP_KEEPIDLE, "TIME", "silence before the first probe: 1 to 32767 seconds, or 90s, 5m, 1h"},
    ValueHelp{TCP_KEEPINTVL, "TIME", "time between probes: 1 to 32767 seconds"},
    ValueHelp{TCP_KEEPCNT, "N", "unanswered probes before the connection is dead: 1 to 127"},
    ValueHelp{TCP_USER_TIMEOUT, "TIME",
              "how long sent data may stay unacknowledged: milliseconds, or 30s, 5m;\nauto: idle + interval x count"},
};

std::string text_of(const std::vector<Flag>& flags) {
  const auto usage_of = [](const Flag& flag) {
    return "--" + flag.name + (flag.argument.empty() ? "" : " " + flag.argument);
  };
  std::size_t width = 0;
  for (const Flag& flag : flags) width = std::max(width, usage_of(flag).size());
  std::string text;
  for (const Flag& flag : flags) {
    const std::string usage = usage_of(flag);
    text += "  " + usage + std::string(width - usage.size() + 2, ' ');
    for (const char c : flag.help) {
      text += c;
      if (c == '\n') text.append(width + 4, ' ');
    }
    text += '\n';
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
    refuse(name, text, "a whole number from " + std::to_string(minimum) + " to " + std::to_string(maximum));
  }
  return *number;
}

int parse_value(const Option& option, const std::string& text) {
  if (option.automatic && text == "auto") return automatic_value;
  long long number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const int factor = factor_of(option, {rest, static_cast<std::size_t>(end - rest)});
  if (error != std::errc() || factor == 0 || number < 0 || number > option.maximum / factor ||
      number * factor < option.minimum) {
    refuse(option.word, text, allowed(option));
  }
  return static_cast<int>(number * factor);
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
    if (argument == "--help" || argument == "-h") throw HelpAsked{text_of(flags)};
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const Flag* const flag = find_flag(flags, name);
    if (flag == nullptr) throw Error(status_usage, "unknown option " + name + see);
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
