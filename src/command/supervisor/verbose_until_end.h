/// @file
/// How long a supervisor keeps the program's standard error open.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "command/supervisor/descriptor_limit.h"
#include "keepalive/descriptor.h"

namespace keepalive::command {

/// With --verbose: keeps standard error open until the program has ended, and then replaces it by /dev/null. The
/// supervisor goes on for the processes that the program leaves behind, but the reader of standard error may be waiting
/// for its end.
class VerboseUntilEnd {
 public:
  explicit VerboseUntilEnd(pid_t program)
      : program_(has_many_descriptors() ? syscall(sys_pidfd_open, program, 0) : -1) {}

  /// Readable once the program has ended. -1 if the kernel or a sandbox does not allow that, or if there may be too few
  /// descriptors: then standard error stays open.
  [[nodiscard]] int get() const { return program_.get(); }

  void close_standard_error() {
    program_ = Descriptor();
    const Descriptor null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (null.get() >= 0) dup2(null.get(), STDERR_FILENO);
  }

  void wait() {
    pollfd end{get(), POLLIN, 0};
    while (get() >= 0 && poll(&end, 1, -1) < 0) continue;
    if (get() >= 0) close_standard_error();
  }

 private:
  static constexpr long sys_pidfd_open = 434;  // Linux 5.3; the same on every architecture, absent from older headers

  Descriptor program_;
};

}  // namespace keepalive::command
