/// @file
/// System calls that the kernel holds up until the supervisor has answered: seccomp user notification
/// (seccomp_unotify(2), Linux 5.5).
#pragma once

#include <linux/seccomp.h>

#include <vector>

#include "command/supervisor/filter.h"
#include "keepalive/descriptor.h"

namespace keepalive::command {

/// Puts the filter on the calling thread and whatever it will start, for good. Takes rights away from setuid programs
/// (no_new_privs) only where the caller may not do it otherwise.
/// Returns the listener's descriptor, or a negative errno; -EBUSY: there is a listener above already.
int install_filter(std::vector<sock_filter> filter);

/// The supervisor's end.
class Listener {
 public:
  explicit Listener(Descriptor descriptor);

  [[nodiscard]] int get() const { return descriptor_.get(); }

  /// The next call that waits; null where it has gone meanwhile. Valid until the next call of this function.
  const seccomp_notif* receive();

  /// Whether the call still waits: else its process number may mean another process by now.
  [[nodiscard]] bool is_waiting(const seccomp_notif& call) const;

  /// Lets the kernel carry it out.
  void let_pass(const seccomp_notif& call);

  /// Returns 0 for it without carrying it out.
  void answer_success(const seccomp_notif& call);

 private:
  void send(const seccomp_notif& call, unsigned flags);

  Descriptor descriptor_;
  // Of the kernel's sizes, which may be larger than the header's.
  std::vector<char> call_;
  std::vector<char> answer_;
};

}  // namespace keepalive::command
