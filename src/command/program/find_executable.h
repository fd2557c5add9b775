/// @file
/// Finding a program as the shell does.
#pragma once

#include <string>

namespace keepalive::command {

/// The file that execvp(3) would run for `program`: itself if it holds a slash, else the first that PATH finds.
/// Throws Error with status_not_found or status_not_executable.
std::string find_executable(const std::string& program);

}  // namespace keepalive::command
