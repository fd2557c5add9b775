/// @file
/// A file descriptor that closes itself.
#pragma once

#include <unistd.h>

#include <utility>

namespace keepalive {

class Descriptor {
 public:
  explicit Descriptor(long fd = -1) : fd_(static_cast<int>(fd)) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }

  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace keepalive
