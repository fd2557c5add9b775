/// @file
/// Gives a TCP socket the keepalive options of some settings, and tells whether it has any.
#pragma once

#include <sys/socket.h>

#include <array>

#include "keepalive/settings.h"

namespace keepalive {

/// The function that sets an option; the library passes libc's own, not the one it exports.
using SetSocketOption = decltype(&::setsockopt);

/// Whether SO_KEEPALIVE is on. False for what is not a socket. May change errno.
bool has_keepalive(int fd);

/// For each option, 0 or the errno with which it was refused.
struct Refusals {
  int keepalive = 0;                         ///< SO_KEEPALIVE
  std::array<int, options.size()> values{};  ///< by row of `options`
};

/// Turns SO_KEEPALIVE on and sets each value given, in the order of `options`: 1 + number of values system calls.
/// A value that is `automatic_value` takes three more, to ask what the socket has.
/// Each option is best effort by itself, because kernels differ in what they know (MPTCP refuses some). The mode is
/// not looked at. Leaves errno as it was.
/// @param refusals where to note what was refused; may be null.
void apply(int fd, const Settings& settings, SetSocketOption set_option, Refusals* refusals = nullptr);

/// Whether apply() sets this option: under `force` a program may not change it.
bool governs(const Settings& settings, int level, int name);

}  // namespace keepalive
