/// @file
/// The system log, for lines that nobody would read on standard error, or that do not belong there.
#pragma once

#include <string>
#include <string_view>

namespace keepalive::command {

/// Sends the line, of the form `name[PID]: text`, to syslogd or journald as a warning. Never waits: if /dev/log is not
/// there, or nobody reads it, the line is lost.
void write_to_system_log(std::string_view line);

/// The same for a line of this process: `keepalive[PID]: TEXT`.
void log_own_line(const std::string& text);

}  // namespace keepalive::command
