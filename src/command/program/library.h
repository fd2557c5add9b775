/// @file
/// Where the preload library is.
#pragma once

#include <string>

namespace keepalive::command {

/// The path of the libkeepalive.so that belongs to this command. It is found from the command's own path, so a build
/// folder or an install prefix may be moved. Throws Error (status_cannot_run) if there is none, or if LD_PRELOAD cannot
/// name it: LD_PRELOAD splits at spaces and colons (ld.so(8)).
std::string find_library();

}  // namespace keepalive::command
