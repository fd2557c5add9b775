/// @file
/// What the worker has in hand, in memory that the guard shares: if the worker is killed, the guard finishes it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "command/supervisor/notification.h"

namespace keepalive::command {

/// Where the kernel has made TCP sockets, because the supervisor could not: those may lack keepalive.
struct UnservedSockets {
  std::atomic<bool> in_program{false};  ///< in the process that was started first
  std::atomic<bool> in_others{false};
};

/// A call from its receipt to its answer.
struct CallInHand {
  NotificationBuffer notification;        ///< call.id is 0 if there is none
  std::atomic<int> added_descriptor{-1};  ///< number in the caller, if it has its socket already
  std::atomic<bool> is_free{true};        ///< whether a thread that needs a place may take this one
};

struct SharedState {
  /// One for each thread that receives calls, and the others for calls that have a thread of their own.
  std::array<CallInHand, 20> calls;
  UnservedSockets unserved;
  std::atomic<unsigned long> answered{0};  ///< number of calls
};

}  // namespace keepalive::command
