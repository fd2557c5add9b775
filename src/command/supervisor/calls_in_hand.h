/// @file
/// The calls that the worker is answering. They are in memory that the worker shares with the guard: if the worker is
/// killed, the guard finishes these calls.
#pragma once

#include <array>
#include <atomic>

#include "command/supervisor/notification.h"

namespace keepalive::command {

/// Whether the kernel has made TCP sockets, because the supervisor could not make them. These sockets may have no
/// keepalive.
struct UnservedSockets {
  std::atomic<bool> in_program{false};  ///< in the process that was started first
  std::atomic<bool> in_others{false};
};

/// A call from its receipt to its answer.
struct CallInHand {
  NotificationBuffer notification;        ///< call.id is 0 if there is none
  std::atomic<int> added_descriptor{-1};  ///< the socket's number in the caller; -1: the caller has none yet
  std::atomic<bool> is_free{true};        ///< whether a thread that needs an entry may take this one
};

struct SharedState {
  /// The first ones belong to the threads that receive calls, one each. The others are for socketcall(2) calls, which
  /// have a thread of their own each.
  std::array<CallInHand, 20> calls;
  UnservedSockets unserved;
  std::atomic<bool> has_logged{false};     ///< see StoppedCalls::let_socket_pass()
  std::atomic<unsigned long> answered{0};  ///< number of calls
  std::atomic<bool> may_ask_for_short_slices{true};
};

}  // namespace keepalive::command
