/// @file
/// Standard output, all of it or an error.
#pragma once

#include <string>

namespace keepalive::command {

/// Throws Error (status_partly) if the text can't be written in full.
void print(const std::string& text);

}  // namespace keepalive::command
