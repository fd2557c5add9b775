/// @file
/// All that the library knows: fixed when it is loaded, read-only from then on.
#pragma once

#include <atomic>

#include "keepalive/settings.h"
#include "next.h"

namespace keepalive::preload {

struct State {
  Settings settings;
  Next next;
};

/// Null until this library's constructor has run.
extern std::atomic<const State*> loaded_state;

/// The same state, made anew for a call that comes before our constructor: another library's constructor may open a
/// socket. Stores nothing, so it needs no lock and says nothing.
State make_state();

/// Calls `call` with the state. Must not be noexcept: a thread that is cancelled inside accept(2) unwinds through it.
template <class Call>
int with_state(Call call) {
  const State* state = loaded_state.load(std::memory_order_acquire);
  if (state != nullptr) [[likely]]
    return call(*state);
  return call(make_state());
}

}  // namespace keepalive::preload
