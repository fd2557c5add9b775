/// @file
/// The calls that the worker is answering. They are in memory that the worker shares with the guard: if the worker is
/// killed, the guard finishes these calls.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>

#include "command/supervisor/notification.h"

namespace keepalive::command {

/// Processes with TCP sockets that the kernel has made, because the supervisor could not make them. These sockets may
/// have no keepalive.
class UnservedProcesses {
 public:
  void add(pid_t process) {
    const std::size_t place = count_.fetch_add(1);
    if (place < processes_.size()) processes_[place] = process;
  }

  /// True for every process if there were too many to remember.
  [[nodiscard]] bool has(pid_t process) const {
    const std::size_t count = count_;
    if (count > processes_.size()) return true;
    for (std::size_t i = 0; i < count; ++i) {
      // 0: another thread is adding a process at this moment. That may be this process.
      if (processes_[i] == process || processes_[i] == 0) return true;
    }
    return false;
  }

  void add_all() { count_ = processes_.size() + 1; }

  [[nodiscard]] bool is_empty() const { return count_ == 0; }

 private:
  std::atomic<std::size_t> count_{0};
  std::array<std::atomic<pid_t>, 1000> processes_{};
};

/// A call from its receipt to its answer.
struct CallInHand {
  NotificationBuffer notification;        ///< call.id is 0 if there is none
  std::atomic<int> added_descriptor{-1};  ///< the socket's number in the caller; -1: the caller has none yet
  std::atomic<bool> is_free{true};        ///< whether a thread that needs a place may take this one
};

struct SharedState {
  /// The first ones belong to the threads that receive calls, one each. The others are for socketcall(2) calls, which
  /// have a thread of their own each.
  std::array<CallInHand, 20> calls;
  UnservedProcesses unserved;
  std::atomic<unsigned long> answered{0};  ///< how many calls have been answered
};

}  // namespace keepalive::command
