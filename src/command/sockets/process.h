/// @file
/// Other processes: which there are, and copies of their descriptors.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "keepalive/descriptor.h"

namespace keepalive::command {

/// Another process, held so that its number can't come to mean another one.
class Process {
 public:
  /// pidfd_open(2), Linux 5.3. error() tells whether that went well.
  explicit Process(pid_t pid);

  /// The process of a thread, or that thread alone where the kernel can name it (Linux 6.9).
  static Process of_thread(pid_t thread);

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// 0, or the errno that kept this process from being opened. ESRCH: there is none.
  [[nodiscard]] int error() const { return error_; }

  /// A descriptor for the same open file as `fd` in the process: pidfd_getfd(2), Linux 5.6, where one may attach to it
  /// (ptrace(2), "Ptrace access mode checking"). -1 and errno where not.
  [[nodiscard]] Descriptor copy_of(int fd) const;

  [[nodiscard]] bool has_ended() const;

 private:
  Process(pid_t pid, unsigned flags);

  pid_t pid_;
  Descriptor pidfd_;
  int error_;
};

/// The numbers of all processes, in ascending order. Throws Error where /proc is not mounted.
std::vector<pid_t> all_processes();

/// What the process calls itself (/proc/PID/comm), with `?` for what can't be printed; empty once it has ended.
std::string name_of(pid_t pid);

/// Whether one would call the process that: its own name, its file, or the first word of its
/// command line; of these two with or without their folders.
bool is_named(pid_t pid, const std::string& name);

/// The descriptors of the process that are sockets. Where they can't be seen `error` is set to the errno.
std::vector<int> socket_descriptors(pid_t pid, int& error);

}  // namespace keepalive::command
