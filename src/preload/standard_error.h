/// @file
/// Writing to the program's standard error without harming the program.
#pragma once

#include <string_view>

namespace keepalive::preload {

/// What descriptor 2 refers to. All zero where it is closed, or the kernel is older than Linux 4.11 (statx(2)).
struct File {
  unsigned long long inode = 0;
  unsigned device_major = 0;
  unsigned device_minor = 0;
  bool operator==(const File&) const = default;
};
File standard_error_file();

/// Writes the line with one write(2), or not at all: where descriptor 2 is closed, is not ready for writing, has no
/// reader or is a TCP connection. Raises no signal, is no cancellation point and leaves errno as it was.
void write_to_standard_error(std::string_view line);

}  // namespace keepalive::preload
