/// @file
/// What the user asked for, read from environment variables. Pure: no system call, no allocation.
#pragma once

#include <array>
#include <cstddef>

#include "keepalive/options.h"
#include "keepalive/value.h"

namespace keepalive {

/// Value of the variable KEEPALIVE.
enum class Mode : unsigned char {
  on,     ///< new sockets get keepalive, the program may still change it
  off,    ///< do nothing at all
  force,  ///< as `on`, and the program cannot undo it
};

/// How long keepalive takes to give up a silent peer, in milliseconds; at most INT_MAX, which TCP_USER_TIMEOUT takes.
/// @param idle, interval in seconds, @param count of probes; each at least 1.
constexpr int milliseconds_until_dead(int idle, int interval, int count) {
  const long long milliseconds = (idle + static_cast<long long>(interval) * count) * 1000;
  return milliseconds < INT_MAX ? static_cast<int>(milliseconds) : INT_MAX;
}

struct Settings {
  Mode mode = Mode::on;
  bool debug = false;                        ///< KEEPALIVE_DEBUG=1: a line on standard error for each decision
  std::array<int, options.size()> values{};  ///< by row of `options`; 0: not given, the system's value is used
  bool automatic_timeout = false;  ///< the user timeout was given as `auto`, whether it is computed yet or not
};

/// An invalid value. That setting keeps its default; all others are applied.
struct Problem {
  enum class Kind : unsigned char {
    not_a_mode,    ///< KEEPALIVE is none of on, off, force
    not_a_switch,  ///< KEEPALIVE_DEBUG is neither 0 nor 1
    not_a_value,   ///< the value of an option: see `error`
  };
  Kind kind;
  const char* variable;                 ///< name of the variable
  const char* value;                    ///< what it held; points into what the look-up returned
  const Option* option = nullptr;       ///< the row of the variable; null for KEEPALIVE and KEEPALIVE_DEBUG
  ValueError error = ValueError::none;  ///< what is wrong with the value of an option
};

inline constexpr char mode_variable[] = "KEEPALIVE";
inline constexpr char debug_variable[] = "KEEPALIVE_DEBUG";

/// The two above, and one for each option.
inline constexpr std::size_t variable_count = options.size() + 2;

/// Settings, and the problems that were found while they were read.
struct SettingsAndProblems {
  Settings settings;
  std::array<Problem, variable_count> problems;  ///< one for each variable at most; `problem_count` are in use
  std::size_t problem_count = 0;

  /// What KEEPALIVE holds if that is a plain number, else null. Other programs have a variable of this name (gunicorn,
  /// several container images): no problem, and the mode is `on`.
  const char* unused_mode = nullptr;

  /// What KEEPALIVE_USER_TIMEOUT holds if that is a number without a unit and less than a second. It is taken as
  /// milliseconds, but all other times are in seconds, so seconds are probably meant. Else null.
  const char* short_timeout = nullptr;
};

/// Returns the value of the named variable, or null if it is not set.
using Lookup = const char* (*)(const char* name);

/// Reads all variables through `look_up`. An empty value counts as not set. If KEEPALIVE is off, the other values are
/// not read and their problems not reported, because nothing uses them.
SettingsAndProblems read_settings(Lookup look_up);

}  // namespace keepalive
