/// @file
/// A socket as `show --json` prints it.
#pragma once

#include <string>

#include "command/sockets/survey.h"

namespace keepalive::command {

/// A JSON object on one line. The keys are the same for each socket; what is not known, or not there, is null.
std::string socket_json(const ProcessSocket& found);

}  // namespace keepalive::command
