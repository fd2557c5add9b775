/// @file
/// The system log, for the supervisor of a program whose standard error belongs to the program.
#pragma once

#include <string_view>

namespace keepalive::command {

/// Sends the line, of the form `name[PID]: text`, to syslogd or journald as a warning. Never waits: if /dev/log is not
/// there, or nobody reads it, the line is lost.
void write_to_system_log(std::string_view line);

}  // namespace keepalive::command
