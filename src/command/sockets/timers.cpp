#include "command/sockets/timers.h"

#include <algorithm>

namespace keepalive::command {

using std::chrono::milliseconds;

std::optional<milliseconds> time_to_next_probe(const ProbeClock& clock) {
  if (clock.has_unacknowledged_data) return std::nullopt;
  if (clock.timer) {
    if (clock.timer->kind != Timer::Kind::keepalive) return std::nullopt;
    if (clock.unanswered_probes > 0) return clock.timer->expires;
    return std::max(clock.timer->expires, clock.idle - clock.silence);
  }
  if (clock.idle.count() <= 0 || clock.interval.count() <= 0) return std::nullopt;  // the kernel did not tell
  if (clock.silence < clock.idle) return clock.idle - clock.silence;
  // The first probe went out after `idle`, the others follow each `interval`.
  return clock.interval - (clock.silence - clock.idle) % milliseconds(clock.interval);
}

}  // namespace keepalive::command
