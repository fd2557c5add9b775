/// @file
/// Writing to standard error without harm to the program that it belongs to.
#pragma once

#include <string_view>

namespace keepalive {

/// Writes the line in one piece, or not at all. Never waits: a full pipe, a stopped terminal or a slow reader loses the
/// line, and so does a device that cannot be opened a second time. Writes nothing to a network connection, nor to the
/// socket that is standard input as well: its other end is a peer, not a person who reads messages.
///
/// A terminal that cannot be opened a second time (behind `su -c`) gets the line in pieces. If the terminal has no room
/// for a piece, the rest is lost. A piece waits only if the terminal is stopped, or filled by another writer, between
/// the kernel's answer that there is room and the write.
///
/// Raises no signal, is no cancellation point, needs no memory and leaves errno as it was.
void write_to_standard_error(std::string_view line);

}  // namespace keepalive
