/// @file
/// What the user asked for, read from environment variables. Pure: no system call, no allocation.
#pragma once

#include <array>
#include <cstddef>

#include "keepalive/options.h"

namespace keepalive {

/// Value of the variable KEEPALIVE.
enum class Mode : unsigned char {
  on,     ///< new sockets get keepalive, the program may still change it
  off,    ///< do nothing at all
  force,  ///< as `on`, and the program cannot undo it
};

/// In place of a value: to be computed for each socket from the values that it has. Where the user gave them all, it
/// is computed when the settings are read.
inline constexpr int automatic_value = -1;

/// How long keepalive takes to give up a silent peer, in milliseconds, within what TCP_USER_TIMEOUT takes.
/// @param idle, interval in seconds, @param count of probes; each at least 1.
constexpr int milliseconds_until_dead(int idle, int interval, int count) {
  const long long milliseconds = (idle + static_cast<long long>(interval) * count) * 1000;
  return milliseconds < INT_MAX ? static_cast<int>(milliseconds) : INT_MAX;
}

struct Settings {
  Mode mode = Mode::on;
  bool debug = false;                        ///< KEEPALIVE_DEBUG=1: a line on standard error for each decision
  std::array<int, options.size()> values{};  ///< by row of `options`; 0: not given, the system's value stands
};

/// A value that was refused. What it was meant for keeps its default; everything else is unaffected.
struct Problem {
  enum class Kind : unsigned char {
    not_a_mode,    ///< KEEPALIVE is none of on, off, force
    not_a_switch,  ///< KEEPALIVE_DEBUG is neither 0 nor 1
    not_in_range,  ///< not a plain decimal number within the option's range
  };
  Kind kind;
  const char* variable;  ///< name of the variable
  const char* value;     ///< what it held; points into what the look-up returned
  const Option* option;  ///< the row it was meant for; null for KEEPALIVE and KEEPALIVE_DEBUG
};

inline constexpr char mode_variable[] = "KEEPALIVE";
inline constexpr char debug_variable[] = "KEEPALIVE_DEBUG";

/// Settings and what was wrong on the way to them.
struct SettingsAndProblems {
  Settings settings;
  std::array<Problem, options.size() + 2> problems;  ///< the first `problem_count` are meaningful
  std::size_t problem_count = 0;
};

/// Returns the value of the named variable, or null where it is not set.
using Lookup = const char* (*)(const char* name);

/// Reads all variables through `look_up`. An empty value counts as not set. With KEEPALIVE=off the values are not
/// looked at: a process that wants out hears nothing about them.
SettingsAndProblems read_settings(Lookup look_up);

/// The value of `text`: a plain decimal number (digits only, the whole text) from `minimum` to `maximum`, both at
/// least 1. Returns 0 for anything else, overflow included.
int parse_number(const char* text, int minimum, int maximum);

}  // namespace keepalive
