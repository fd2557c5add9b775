/// @file
/// System calls that the kernel holds until the supervisor has answered: seccomp user notification
/// (seccomp_unotify(2)). Linux 5.9, because earlier kernels have no SECCOMP_IOCTL_NOTIF_ADDFD.
#pragma once

#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "command/supervisor/filter.h"
#include "keepalive/descriptor.h"

namespace keepalive::command {

/// Puts the filter on the calling thread and on all that this thread starts later. The filter cannot be removed. Sets
/// no_new_privs only if the kernel refuses the filter without it, because no_new_privs takes the rights away from
/// setuid programs.
/// Returns the notification descriptor, or a negative errno; -EBUSY: an earlier filter has such a descriptor already.
int install_filter(std::vector<sock_filter> filter);

/// Whether the kernel can hand over descriptors with this notification descriptor (Linux 5.9).
bool can_add_descriptors(int notification_fd);

/// Room for a notification; the kernel's structure may be larger than the one of the header.
struct alignas(seccomp_notif) NotificationBuffer {
  seccomp_notif call;
  std::byte more[256];
};

/// The supervisor's end of the filter. Safe to use from several threads.
class Notifications {
 public:
  explicit Notifications(Descriptor descriptor);

  [[nodiscard]] int get() const { return descriptor_.get(); }

  /// Waits for the next call. False if the call has ended meanwhile, or if a signal came.
  bool receive(NotificationBuffer& buffer) const;

  /// Whether the last thread with the filter has ended.
  [[nodiscard]] bool is_over() const;

  /// Gives the caller a descriptor for the same open file as `fd`, with the caller's lowest free number. Returns this
  /// number, or -1 and errno. The caller stays stopped.
  [[nodiscard]] int add_descriptor(std::uint64_t id, int fd, bool close_on_exec) const;

  /// The call returns this value in the caller, and the kernel does not carry it out.
  void answer(std::uint64_t id, int value) const;

  /// The kernel carries the call out.
  /// False if the caller has ended.
  [[nodiscard]] bool let_pass(std::uint64_t id) const;

 private:
  [[nodiscard]] bool send(std::uint64_t id, int value, unsigned flags) const;

  Descriptor descriptor_;
};

}  // namespace keepalive::command
