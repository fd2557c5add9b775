/// @file
/// What a BPF program of ours keeps in its map: the settings, for the program itself and for `keepalive attached`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "keepalive/settings.h"

namespace keepalive::command {

/// Values of a socket that nobody has changed, by row of `options`. 0: no value (TCP_USER_TIMEOUT).
using OptionValues = std::array<int, options.size()>;

/// The kernel's defaults. A new network namespace starts with them.
constexpr OptionValues kernel_defaults() {
  OptionValues values{};
  for (std::size_t i = 0; i < options.size(); ++i) values[i] = options[i].kernel_default;
  return values;
}

/// The values of this network namespace (/proc/sys/net/ipv4/tcp_keepalive_*), the kernel's default for one that cannot
/// be read.
OptionValues read_system_values();

/// The map's value.
struct Record {
  /// An option that the program sets.
  struct Row {
    /// First, so that a row's address is its value's. 0: not set; only read, to compute `automatic_value`.
    std::int32_t value;
    std::int32_t level;
    std::int32_t number;
    std::int32_t system;          ///< value in a new socket
    std::int32_t kernel_default;  ///< value in a new socket of another network namespace
  };

  static constexpr std::uint32_t our_magic = 0x6b616c76;
  static constexpr std::uint32_t our_version = 1;

  std::uint32_t magic = 0;
  std::uint32_t version = 0;
  std::uint32_t mode = 0;
  std::uint32_t row_count = 0;  ///< how many of `rows` are in use
  /// At most SO_KEEPALIVE and all of `options`, and a spare row. Without the spare row, a loop over the rows would
  /// leave its pointer at the end of the map's value, and without CAP_PERFMON the kernel allows no pointer there.
  std::array<Row, options.size() + 2> rows{};
};

/// SO_KEEPALIVE, then the options that have a value or that `automatic_value` needs, in the order of `options`.
/// Under Mode::force, and if idle, interval and count are given, a number stands for `automatic_value`.
Record make_record(const Settings& settings, const OptionValues& system);

/// The settings in a record. None if it is of another version.
std::optional<Settings> settings_of(const Record& record);

}  // namespace keepalive::command
