/// @file
/// The keepalive values of a socket if its program sets none.
#pragma once

#include <string>

#include "keepalive/settings.h"

namespace keepalive::command {

/// If no value is given: `no values given, so` + consequence + the sysctls net.ipv4.tcp_keepalive_* of this network
/// namespace + the options that give values. Empty if a value is given, or the sysctls cannot be read.
std::string describe_missing_values(const Settings& settings, const std::string& consequence);

}  // namespace keepalive::command
