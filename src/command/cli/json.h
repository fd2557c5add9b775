/// @file
/// Text in JSON.
#pragma once

#include <string>

#include "keepalive/options.h"

namespace keepalive::command {

/// A JSON string, valid whatever the text holds: U+FFFD stands for each byte that is not UTF-8.
std::string json_string(const std::string& text);

/// The key of an option's value: its word and unit, as in `idle_s`, `user_timeout_ms`.
std::string json_key(const Option& option);

}  // namespace keepalive::command
