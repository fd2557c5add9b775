/// @file
/// Descriptors 0, 1 and 2, whatever state the caller left them in.
#pragma once

#include <cstddef>

namespace keepalive::command {

/// Occupies each closed standard descriptor, so that no descriptor opened later gets number 0, 1 or 2 by chance: text
/// for standard error would then go to a socket of another process. Reading and writing there fails with EBADF, as on
/// a closed descriptor. Closed on execve(2): a program that is run finds them closed, as they were.
/// Returns 0, or the errno of open(2).
int occupy_standard_descriptors();

/// Whether `count` more descriptors can be opened at a time, at most 8.
/// Returns 0, or the errno of fcntl(2).
int try_descriptors(std::size_t count);

}  // namespace keepalive::command
