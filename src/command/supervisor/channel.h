/// @file
/// The channel between the process that becomes the program and its supervisor, while the supervisor starts.
#pragma once

#include <optional>
#include <utility>

#include "keepalive/descriptor.h"

namespace keepalive::command {

/// The result of a step of the start.
enum class StartResult : int {
  ready,             ///< the kernel allows everything that the supervisor needs; the filter can be installed
  serving,           ///< the supervisor has the notification descriptor
  no_permission,     ///< seccomp(2) is refused
  foreign_listener,  ///< another program's seccomp listener is there already; the kernel allows only one
  old_kernel,        ///< no user notification, or no SECCOMP_IOCTL_NOTIF_ADDFD
  no_resources,      ///< memory, processes or descriptors
};

struct Message {
  StartResult result = StartResult::ready;
  int error = 0;  ///< errno
};

/// One end of the channel: messages, and one descriptor.
class Channel {
 public:
  /// Both ends. Throws Error if there are no descriptors left.
  static std::pair<Channel, Channel> make();

  [[nodiscard]] int get() const { return descriptor_.get(); }

  /// @param fd sent with the message; -1: none. False if the other end is closed.
  [[nodiscard]] bool send(const Message& message, int fd = -1) const;

  /// None if the other end is closed. @param fd takes the descriptor that came with the message; may be null.
  [[nodiscard]] std::optional<Message> receive(Descriptor* fd = nullptr) const;

  void close() { descriptor_ = Descriptor(); }

 private:
  explicit Channel(int fd) : descriptor_(fd) {}

  // Gives the descriptor a number above 2, because the supervisor replaces the standard descriptors.
  void move_up();

  Descriptor descriptor_;
};

}  // namespace keepalive::command
