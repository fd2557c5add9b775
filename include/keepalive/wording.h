/// @file
/// The wording of what users are told about their settings.
#pragma once

#include "keepalive/apply.h"
#include "keepalive/line.h"
#include "keepalive/settings.h"

namespace keepalive {

/// `libkeepalive: KEEPIDLE=10h ignored: too long, at most 32767 s (about 9 h); using the system default`
void describe_problem(const Problem& problem, Line& line);

/// The same without the consequence: `KEEPIDLE=10h<verdict>too long, at most 32767 s (about 9 h)`.
void describe_cause(const Problem& problem, const char* verdict, Line& line);

/// What is wrong with the value of an option, and what is allowed: `too long, at most 32767 s (about 9 h)`.
/// @param error malformed or too_large, @param milliseconds as for parse_value().
void describe_value_error(const Option& option, ValueError error, Milliseconds milliseconds, Line& line);

/// `KEEPALIVE=65 not used: a number belongs to another program`.
/// @param value see SettingsAndProblems::unused_mode.
void describe_unused_mode(const char* value, Line& line);

/// `KEEPALIVE_USER_TIMEOUT=30 means 30 ms: one lost packet ends a connection; for seconds write 30s`
/// @param value see SettingsAndProblems::short_timeout.
void describe_short_timeout(const char* value, Line& line);

/// `SO_KEEPALIVE 1, TCP_KEEPCNT 20, TCP_KEEPIDLE 180 s`: what the settings set.
/// @param refusals if not null, a refused option is marked with its errno.
void describe_settings(const Settings& settings, const Refusals* refusals, Line& line);

/// A value of the option with its unit: `180 s`, `20`, `auto`.
void describe_value(const Option& option, int value, Line& line);

/// The value of KEEPALIVE that means this mode.
const char* mode_name(Mode mode);

}  // namespace keepalive
