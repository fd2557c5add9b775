/// @file
/// Errors that functions of the command throw.
#pragma once

#include <string>

#include "command/cli/error.h"

/// Status and message, `2: unknown option --x`; empty if nothing is thrown.
template <class Function>
std::string error_of(Function function) {
  try {
    function();
  } catch (const keepalive::command::Error& error) {
    return std::to_string(error.status()) + ": " + error.what();
  }
  return "";
}
