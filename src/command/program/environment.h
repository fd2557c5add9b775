/// @file
/// The environment of this process, which the program gets.
#pragma once

#include <string>

#include "command/cli/command_line.h"
#include "keepalive/settings.h"

namespace keepalive::command {

/// All variables, each as NAME=VALUE.
Arguments environment();

/// The value that getenv(3), and with it the preload library, finds; null if the variable is not set.
const char* variable(const char* name);

/// Afterwards the variable is there exactly once. Throws Error (status_cannot_run) if there is no memory.
void set_variable(const char* name, const std::string& value);

void remove_variable(const char* name);

/// An environment can hold a variable twice. Of its own variables the preload library reads the first one; of
/// LD_PRELOAD the loader reads the last one. Keeps these and removes the others, so that all readers agree.
void remove_duplicates();

/// Whether LD_PRELOAD names a libkeepalive.so, of whatever folder.
bool preloads_library();

/// Puts the library in front of what LD_PRELOAD names already, unless it is there.
void add_to_preload(const std::string& library);

/// Sets the library's variables to what the user gave to `run`. The others stay. Afterwards KEEPALIVE is not `off`.
void set_given(const Settings& given);

/// Sets or removes the variable that tells the preload library whether to mark its calls for a supervisor.
/// @param is_supervised this process has a supervisor and the library, @param library as LD_PRELOAD names it.
void set_supervised_variable(bool is_supervised, Mode mode, const std::string& library);

}  // namespace keepalive::command
