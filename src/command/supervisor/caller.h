/// @file
/// What the kernel takes from a thread when the thread makes a socket: network namespace, user, cgroups and security
/// label. All of it is read from files in /proc/THREAD that do not need the right to trace the thread.
#pragma once

#include <sys/types.h>

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "keepalive/descriptor.h"

namespace keepalive::command {

/// The part of a thread's credentials that a socket keeps: credentials(7).
struct Identity {
  uid_t filesystem_user = 0;
  gid_t filesystem_group = 0;
  std::vector<gid_t> groups;

  bool operator==(const Identity&) const = default;
};

/// What /proc/THREAD/status tells.
struct ThreadStatus {
  pid_t process = 0;  ///< Tgid
  uid_t real_user = 0;
  Identity identity;
};

/// Reads the text of /proc/THREAD/status. None if it is another text.
std::optional<ThreadStatus> parse_status(const std::string& text);

/// A thread. Its folder in /proc stays open, so that a new thread with the same number is not taken for this one. Each
/// function reads the file again. It returns none if the thread has ended or the file cannot be read.
class Caller {
 public:
  explicit Caller(pid_t thread);

  [[nodiscard]] bool is_open() const;

  /// The inode of /proc/THREAD/net/tcp, which is the same for all threads of a network namespace.
  [[nodiscard]] std::optional<ino_t> network() const;

  /// /proc/THREAD/cgroup: a line for each hierarchy.
  [[nodiscard]] std::optional<std::string> cgroups() const;

  [[nodiscard]] std::optional<ThreadStatus> status() const;

  /// The label that SELinux, AppArmor or Smack gives the thread. None if the kernel has no such module.
  [[nodiscard]] std::optional<std::string> label() const;

 private:
  Descriptor folder_;
  Descriptor cgroup_;
  Descriptor status_;
};

/// The threads that made the latest calls. Their files stay open, so that they need not be opened for each call. Safe
/// to use from several threads.
class Callers {
 public:
  /// Opens the thread's files if they are not open already. Null if that fails.
  std::shared_ptr<const Caller> find(pid_t thread);

  /// The next find() opens its files again.
  void forget(pid_t thread);

  /// Closes all files.
  void forget_all();

 private:
  static constexpr std::size_t most = 24;
  using Entry = std::pair<pid_t, std::shared_ptr<const Caller>>;

  std::mutex mutex_;
  std::list<Entry> entries_;  ///< the latest first
};

}  // namespace keepalive::command
