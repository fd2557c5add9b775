/// @file
/// The options of a subcommand, and the keepalive values among them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "keepalive/options.h"
#include "keepalive/settings.h"

namespace keepalive::command {

/// A long option of a subcommand. parse() and `--help` both read it.
struct Flag {
  std::string name;      ///< without the dashes
  std::string argument;  ///< what --help calls its argument, as in `TIME`; empty: it takes none
  std::string help;      ///< a phrase for --help, which breaks it into lines
  std::function<void(const std::string& argument)> take;
  /// Whether an operand can only be meant as the argument of this option; empty: never.
  std::function<bool(const std::string& operand)> claims = {};
};

/// The arguments behind `keepalive`: the name of the subcommand first.
using Arguments = std::vector<std::string>;

enum class Operands : unsigned char {
  anywhere,   ///< options may follow operands
  end_flags,  ///< what follows the first operand belongs to another command
};

/// Thrown by parse() for `--help`.
struct HelpAsked {
  std::string flags;  ///< a line for each flag and for --help
};

/// Hands each option (`--name`, `--name VALUE`, `--name=VALUE`) to its flag and returns the operands; `--` ends the
/// options.
/// Throws Error (status_usage) for whatever is not in `flags`.
Arguments parse(const Arguments& arguments, const std::vector<Flag>& flags, Operands operands);

/// `; did you mean --idle 2m?` for the operand `idle=2m`, or for another operand that a flag claims; else empty.
std::string suggest_flag(const std::string& operand, const std::vector<Flag>& flags);

/// Flags for all rows of `options`, which fill `settings`.
std::vector<Flag> value_flags(Settings& settings);

/// The value of an option as a user writes it: as keepalive::parse_value() reads it, and milliseconds need a unit.
/// Throws Error (status_usage) that says what is allowed.
int parse_value(const Option& option, const std::string& text);

/// A whole number for the flag `--name`. Throws Error (status_usage).
int parse_whole_number(const std::string& name, const std::string& text, int minimum, int maximum);

}  // namespace keepalive::command
