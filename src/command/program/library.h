/// @file
/// Where the preload library is.
#pragma once

#include <string>

namespace keepalive::command {

/// The path of the libkeepalive.so that belongs to this command: beside it in a build folder or an install prefix,
/// wherever that has been moved to. Throws Error (status_cannot_run) where there is none, or where LD_PRELOAD can't
/// name it (it splits at spaces and colons, ld.so(8)).
std::string find_library();

}  // namespace keepalive::command
