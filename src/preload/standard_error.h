/// @file
/// Writing to the program's standard error without harming the program.
#pragma once

#include <string_view>

namespace keepalive::preload {

/// Writes the line with one write(2), or not at all: where descriptor 2 is closed, would block or has no reader.
/// Raises no signal, is no cancellation point and leaves errno as it was.
void write_to_standard_error(std::string_view line);

}  // namespace keepalive::preload
