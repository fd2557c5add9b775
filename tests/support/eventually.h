/// @file
/// Waiting for a change that causes no event: in /proc, in the state of another process's socket.
#pragma once

#include <chrono>
#include <thread>

#include "support/process.h"

namespace support {

/// Calls `condition` every 10 ms until its result converts to true or the time is over. Returns its last result, which
/// may be a bool, a pointer or a std::optional.
template <class Condition>
auto eventually(Condition condition, std::chrono::milliseconds timeout = Process::patience) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  auto result = condition();
  while (!result && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    result = condition();
  }
  return result;
}

}  // namespace support
