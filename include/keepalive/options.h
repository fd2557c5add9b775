/// @file
/// The TCP options a user can choose a value for, one row each. Parsing, applying and messages read this table.
/// docs/CONTRIBUTING.md lists what else a new option needs.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <climits>
#include <cstddef>

namespace keepalive {

/// One option at level IPPROTO_TCP. The names are stored in the row itself: pointers would cost every process of a
/// machine a relocation each.
struct Option {
  char variable[24];       ///< the environment variable that carries the value
  char name[20];           ///< the option's name, as in the headers and in strace's output
  char word[16];           ///< what the command calls it: `--idle`, the column IDLE, the key "idle"
  char unit[4];            ///< what the value counts: "s", "ms" or nothing
  int number;              ///< the option's number for setsockopt(2)
  int minimum;             ///< smallest value accepted, at least 1: 0 stands for "not given"
  int maximum;             ///< largest value accepted
  int kernel_default = 0;  ///< what the kernel itself begins with; sysctl(8) may have changed the system's value
  bool automatic = false;  ///< also takes the word `auto`: (idle + interval x count) in milliseconds
};

/// In the order in which they are set, which is the order that the documentation of libkeepalive shows.
///
/// The ranges of the first three are the kernel's own (MAX_TCP_KEEPCNT, MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL in
/// include/net/tcp.h); see tcp(7). TCP_USER_TIMEOUT: RFC 5482, Linux 2.6.37, milliseconds in a non-negative int.
inline constexpr std::array<Option, 4> options{
    Option{"KEEPCNT", "TCP_KEEPCNT", "count", "", TCP_KEEPCNT, 1, 127, 9},
    Option{"KEEPIDLE", "TCP_KEEPIDLE", "idle", "s", TCP_KEEPIDLE, 1, 32767, 7200},
    Option{"KEEPINTVL", "TCP_KEEPINTVL", "interval", "s", TCP_KEEPINTVL, 1, 32767, 75},
    Option{"KEEPALIVE_USER_TIMEOUT", "TCP_USER_TIMEOUT", "user-timeout", "ms", TCP_USER_TIMEOUT, 1, INT_MAX, 0, true},
};
static_assert(options.back().automatic, "the last one is computed from the others, so they are set first");

/// The row of the option with this number; options.size() if no row has it.
constexpr std::size_t option_index(int number) {
  std::size_t index = 0;
  while (index < options.size() && options[index].number != number) ++index;
  return index;
}

}  // namespace keepalive
