/// @file
/// The keepalive values of a socket if its program sets none.
#pragma once

#include <string>

namespace keepalive::command {

/// `first probe after 7200 s of silence, then every 75 s, dead after 9`: the sysctls net.ipv4.tcp_keepalive_* of this
/// network namespace. Empty if they can't be read.
std::string describe_system_values();

}  // namespace keepalive::command
