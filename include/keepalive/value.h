/// @file
/// The value of an option as users write it, in a variable and on the command line. Pure: no system call, no
/// allocation.
#pragma once

#include "keepalive/options.h"

namespace keepalive {

/// The value `auto`. Computed from idle, interval and count: when the settings are read if all three are given, else
/// for each socket.
inline constexpr int automatic_value = -1;

enum class ValueError : unsigned char {
  none,
  malformed,  ///< not a whole number (with a unit), or 0
  too_large,  ///< above the option's maximum
  no_unit,    ///< a number of milliseconds without `ms`, where a unit was required
};

struct ParsedValue {
  int value = 0;  ///< in the option's own unit, or `automatic_value`; 0: there is an error
  ValueError error = ValueError::none;
};

/// Whether a number alone may stand for milliseconds. All other times are in seconds.
enum class Milliseconds : unsigned char { may_lack_unit, need_unit };

/// Reads a whole decimal number within the option's range. If the option is a time, one of the units s, m, min, h (and
/// ms if the option counts milliseconds) may follow without a space. If the option is `automatic`: also `auto`, in
/// upper or lower case.
ParsedValue parse_value(const Option& option, const char* text, Milliseconds milliseconds);

/// Whether two texts are the same but for the case of the first one's letters.
/// @param lower_case_word without capital letters.
bool equals_ignoring_case(const char* text, const char* lower_case_word);

/// Whether the text consists of digits, at least one.
bool is_number(const char* text);

/// The number that the whole text is; 0 if it is none, or larger than an int.
int number_of(const char* text);

}  // namespace keepalive
