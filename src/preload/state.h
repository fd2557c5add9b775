/// @file
/// All that the library knows: fixed when it is loaded, read-only from then on.
#pragma once

#include <atomic>

#include "keepalive/file_status.h"
#include "keepalive/settings.h"
#include "preload/next.h"

namespace keepalive::preload {

/// The number of the descriptor.
inline constexpr int standard_error = 2;

struct State {
  Settings settings;
  Next next;
  FileStatus standard_error;  ///< what descriptor 2 was when the library was loaded; only under KEEPALIVE_DEBUG=1
};

/// Filled by this library's constructor, read-only before and after.
struct Loaded {
  std::atomic<const State*> state{nullptr};  ///< null until then
  State memory{};
};
extern Loaded loaded;

SettingsAndProblems read_environment();

/// Whether this library's calls have to carry the mark, because the program runs under the supervisor of `keepalive
/// run`.
bool marks_calls(const Settings& settings);

/// The same state, made anew for a call that comes before our constructor: another library's constructor may open a
/// socket. Stores nothing, so it needs no lock. Reports nothing, also with KEEPALIVE_DEBUG=1.
State make_state();

/// Slow path, used only before our constructor has run. Out of line, so that with_state() needs no stack frame.
template <auto wrapper, class... Arguments>
[[gnu::noinline, gnu::cold]] int with_early_state(Arguments... arguments) {
  return wrapper(arguments..., make_state());
}

/// Calls `wrapper` with the arguments of the interposed call, then the state: in this order the arguments are in the
/// right registers already. Must not be noexcept: a thread that is cancelled inside accept(2) unwinds through it.
template <auto wrapper, class... Arguments>
int with_state(Arguments... arguments) {
  const State* state = loaded.state.load(std::memory_order_acquire);
  if (state == nullptr) [[unlikely]]
    return with_early_state<wrapper>(arguments...);
  return wrapper(arguments..., *state);
}

}  // namespace keepalive::preload
