/// @file
/// Starts a supervisor beside this process. This process itself executes the program afterwards, so the program keeps
/// the PID and the parent of this process.
#pragma once

#include <string>

#include "command/cli/error.h"
#include "keepalive/settings.h"

namespace keepalive::command {

enum class Start : unsigned char {
  started,
  already_supervised,  ///< an earlier `keepalive run` has started a supervisor for this process; its values are used
};

/// The supervisor has ended after the filter was put on this process. Each TCP socket of this process would fail
/// (ENOSYS) from then on, so it must not execute the program.
class SupervisorLost : public Error {
 public:
  using Error::Error;
};

/// Starts the supervisor. It is no child of this process; but if orphans become children of this process, it is a child
/// that wait(2) shows with __WALL alone. Gives the sockets that are open already the options that they lack. Puts the
/// filter on this process, which should then execute the program.
/// Throws Error (status_cannot_run), with the reason and what helps, if the kernel or a sandbox does not allow it.
/// Throws SupervisorLost too.
/// @param name of the program, for ps(1), @param verbose a line on standard error for each decision,
/// @param alternative what to do where the kernel has no supervisors, as in "; use --preload".
Start start_supervisor(const Settings& settings, const std::string& name, bool verbose, const std::string& alternative);

}  // namespace keepalive::command
