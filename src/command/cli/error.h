/// @file
/// How the command ends when it cannot do what it was asked for.
#pragma once

#include <stdexcept>
#include <string>

namespace keepalive::command {

/// Exit statuses. Those of `run` are what env(1), nohup(1) and shells give.
enum Status : int {
  status_done = 0,
  status_partly = 1,        ///< some or all of it could not be done
  status_usage = 2,         ///< the command line, or a value, is invalid; nothing was done
  status_cannot_run = 125,  ///< `run`: the program was not started, because this command failed first
  status_not_executable = 126,
  status_not_found = 127,
};

/// strerror(3), and if a limit was reached, the limit and what raises it. Not for reading and writing, where EAGAIN
/// means something else.
std::string describe_error(int error);

/// Ends the command with a line on standard error.
class Error : public std::runtime_error {
 public:
  Error(Status status, const std::string& message) : std::runtime_error(message), status_(status) {}
  [[nodiscard]] Status status() const { return status_; }

 private:
  Status status_;
};

}  // namespace keepalive::command
