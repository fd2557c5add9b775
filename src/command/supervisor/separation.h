/// @file
/// Makes a child process independent of the program that it was made by.
#pragma once

#include <string>

#include "keepalive/descriptor.h"

namespace keepalive::command {

void block_all_signals();

/// Changes the command line that ps(1) shows for this process.
void set_title(const std::string& title);

/// Leaves the working directory and the descriptors of the program. Descriptors 0 to 2 become /dev/null,
/// except standard error if `keep_standard_error`.
/// @param channel stays open, @param kept stays open too and may get another number.
void separate(int channel, Descriptor& kept, bool keep_standard_error);

}  // namespace keepalive::command
