/// @file
/// Other processes: which there are, and copies of their descriptors.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "keepalive/descriptor.h"

namespace keepalive::command {

/// Another process. While this object lives, calls on it never reach another process that got the same PID.
class Process {
 public:
  /// Opens the process by pidfd_open(2), Linux 5.3. If that fails, error() tells why.
  explicit Process(pid_t pid);

  /// One thread alone: copy_of() then takes from its descriptor table. Linux 6.9, error() is EINVAL before.
  static Process single_thread(pid_t thread);

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// 0, or the errno that kept this process from being opened. ESRCH: there is none.
  [[nodiscard]] int error() const { return error_; }

  /// A descriptor for the same open file as `fd` in the process: pidfd_getfd(2), Linux 5.6. -1 and errno on failure,
  /// for example if this command may not attach to the process (ptrace(2), "Ptrace access mode checking").
  [[nodiscard]] Descriptor copy_of(int fd) const;

  [[nodiscard]] bool has_ended() const;

 private:
  Process(pid_t pid, unsigned flags);

  pid_t pid_;
  Descriptor pidfd_;
  int error_;
};

/// The numbers of all processes, in ascending order. Throws Error if /proc is not mounted.
std::vector<pid_t> all_processes();

/// Whether /proc hides processes of other users (its mount option hidepid).
bool processes_are_hidden();

/// The same as a message.
std::string describe_hidden_processes();

/// What the process calls itself (/proc/PID/comm), with `?` for what cannot be printed; empty once it has ended.
std::string process_name(pid_t pid);

/// Why numbers of processes mean nothing here, and what helps: /proc is not mounted, or is that of another PID
/// namespace, where the same numbers mean other processes. Empty if it is this one's.
std::string find_problem_of_proc();

/// Whether a user would call the process that: its own name, its file, or the first word of its command line; of these
/// two with or without their folders. A path may be a symbolic link to the file (/etc/alternatives).
bool has_name(pid_t pid, const std::string& name);

/// The threads of a process, one for each descriptor table; the main thread first, even if it has ended. Usually all
/// threads share one table, unless one has called unshare(CLONE_FILES) or the main thread has ended before the others.
/// If kcmp(2) is not allowed, only a thread that has a socket which the others lack counts.
std::vector<pid_t> threads_with_own_table(pid_t pid);

/// The descriptors of a thread of the process that are sockets. If they cannot be read, `error` is set to the errno.
std::vector<int> socket_descriptors(pid_t pid, pid_t thread, int& error);

/// Those of its main thread.
std::vector<int> socket_descriptors(pid_t pid, int& error);

}  // namespace keepalive::command
