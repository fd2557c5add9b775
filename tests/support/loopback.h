/// @file
/// Connections over loopback: the test's own end, a socket without options.
#pragma once

#include "keepalive/descriptor.h"

namespace support {

using keepalive::Descriptor;

/// Listens on 127.0.0.1 at a port that the kernel chooses.
class Listener {
 public:
  explicit Listener(int backlog = 8);

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] int get() const { return fd_.get(); }

  /// The next connection; the descriptor is -1 if none comes in time.
  [[nodiscard]] Descriptor accept() const;

 private:
  Descriptor fd_;
  int port_ = 0;
};

/// Connects to 127.0.0.1; the descriptor is -1 if nothing listens there.
Descriptor connect_to(int port);

/// A port that is free now, for programs that cannot be told to let the kernel choose.
int free_port();

}  // namespace support
