/// @file
/// The wording of what users are told about their settings.
#pragma once

#include "keepalive/apply.h"
#include "keepalive/line.h"
#include "keepalive/settings.h"

namespace keepalive {

/// `libkeepalive: KEEPIDLE=60s ignored: not a whole number from 1 to 32767; the system default stands`
void describe_problem(const Problem& problem, Line& line);

/// The same without what follows from it: `KEEPIDLE=60s<verdict>not a whole number from 1 to 32767`.
void describe_cause(const Problem& problem, const char* verdict, Line& line);

/// `SO_KEEPALIVE 1, TCP_KEEPCNT 20, TCP_KEEPIDLE 180 s`: what the settings set.
/// @param refusals where not null, a refused option is marked with its errno.
void describe_settings(const Settings& settings, const Refusals* refusals, Line& line);

/// The value of KEEPALIVE that means this mode.
const char* mode_name(Mode mode);

}  // namespace keepalive
