/// @file
/// Descriptors 0, 1 and 2, whatever state the caller left them in.
#pragma once

namespace keepalive::command {

/// Occupies each closed standard descriptor, so that no descriptor opened later gets number 0, 1 or 2 by chance: text
/// for standard error would then go to a socket of another process. Reading and writing there fails with EBADF, as on
/// a closed descriptor. Closed on execve(2): a program that is run finds them closed, as they were.
/// Returns 0, or the errno of open(2).
int occupy_standard_descriptors();

/// Whether some descriptors more can be opened: as many as a subcommand needs at a time.
/// Returns 0, or the errno of fcntl(2).
int try_descriptors();

}  // namespace keepalive::command
