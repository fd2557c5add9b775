/// @file
/// When a connection's next keepalive probe is due.
#pragma once

#include <chrono>
#include <optional>

namespace keepalive::command {

/// The kernel's timer of a socket, as sock_diag(7) shows it.
struct Timer {
  /// idiag_timer. While `retransmission` or `window_probe` runs, data waits for the peer, and the kernel sends no
  /// keepalive probe.
  enum class Kind : unsigned char { none = 0, retransmission = 1, keepalive = 2, time_wait = 3, window_probe = 4 };
  Kind kind = Kind::none;
  std::chrono::milliseconds expires{0};
};

/// What decides when the next probe goes out (tcp_keepalive_timer() in net/ipv4/tcp_timer.c).
struct ProbeClock {
  std::chrono::seconds idle{0};
  std::chrono::seconds interval{0};
  std::chrono::milliseconds silence{0};  ///< since anything came from the peer
  int unanswered_probes = 0;
  bool has_unacknowledged_data = false;
  std::optional<Timer> timer;  ///< unknown for a socket of another network namespace
};

/// None while data is unacknowledged. The kernel's timer may be early, because the kernel does not move it with each
/// packet: if it fires before the silence is long enough, the kernel only sets it anew.
std::optional<std::chrono::milliseconds> time_to_next_probe(const ProbeClock& clock);

}  // namespace keepalive::command
