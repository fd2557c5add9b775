/// @file
/// Writing to standard error without harm to the program that it belongs to.
#pragma once

#include <string_view>

namespace keepalive {

/// Writes the line in one piece, or not at all: not if descriptor 2 is closed, has no reader or no room, or is a
/// network connection or the socket that is standard input as well (then the other end is a peer, not a person who
/// reads messages). Never waits: a full pipe, a stopped terminal or a slow reader loses the line. The same for a
/// terminal or device that cannot be opened a second time.
///
/// Raises no signal, is no cancellation point, needs no memory and leaves errno as it was.
void write_to_standard_error(std::string_view line);

}  // namespace keepalive
