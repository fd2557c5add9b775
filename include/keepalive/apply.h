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

/// Whether the socket has the value that was given for the option in this row of `options`. For `automatic_value`: any
/// value but 0. May change errno.
bool has_value(int fd, const Settings& settings, std::size_t index);

/// For each option, 0 or the errno with which it was refused.
struct Refusals {
  int keepalive = 0;                         ///< SO_KEEPALIVE
  std::array<int, options.size()> values{};  ///< by row of `options`
};

/// Turns SO_KEEPALIVE on and sets each value given, in the order of `options`: 1 + number of values system calls.
/// A value that is `automatic_value` takes three more, which ask for the socket's other values.
/// Each option is best effort by itself, because kernels differ in what they know (MPTCP refuses some). The mode does
/// not matter. Leaves errno as it was.
/// @param refusals filled with what was refused; may be null.
void apply(int fd, const Settings& settings, SetSocketOption set_option, Refusals* refusals = nullptr);

/// What one system call tells about a socket that others have made.
enum class Coverage : unsigned char {
  not_tcp,   ///< not a TCP socket. MPTCP before Linux 6.10 looks the same
  complete,  ///< has the settings, for example from its listener
  unclear,   ///< see is_tcp() and give_if_unset()
};

/// May change errno.
Coverage coverage(int fd, const Settings& settings);

/// What a socket was given, and what of that was refused.
struct Given {
  Settings settings;  ///< the values are 0 for what was not given
  Refusals refusals;
};

/// Gives a TCP socket that others have made what it lacks (mode `on`). If keepalive is off, does the same as apply().
/// If keepalive is on, gives each value that is still unset there: the socket has the kernel's default, or what a new
/// socket has. A value that a program has set stands. `auto` is computed from the values that the socket has in the
/// end. Makes system calls and nothing else. May change errno.
/// @param given filled with what was given, if anything was; may be null.
/// Returns whether anything was given.
bool give_if_unset(int fd, const Settings& settings, SetSocketOption set_option, Given* given = nullptr);

/// Whether apply() sets this option: under `force` a program may not change it.
bool governs(const Settings& settings, int level, int name);

}  // namespace keepalive
