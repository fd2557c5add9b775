/// @file
/// What the tests of write_to_standard_error() share.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "keepalive/descriptor.h"
#include "keepalive/standard_error.h"

namespace keepalive {

inline constexpr char line[] = "one line\n";

/// What can be read without waiting.
inline std::string read_all(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  std::string text;
  std::array<char, 4096> part{};
  for (ssize_t size = 0; (size = read(fd, part.data(), part.size())) > 0;) {
    text.append(part.data(), static_cast<std::size_t>(size));
  }
  return text;
}

inline void fill(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  for (const std::size_t size : {4096U, 1U}) {
    const std::string bytes(size, 'x');
    while (write(fd, bytes.data(), bytes.size()) > 0) {
    }
  }
  fcntl(fd, F_SETFL, flags);
}

/// Descriptor 2 is another file as long as this object lives.
class StandardErrorIs {
 public:
  explicit StandardErrorIs(int fd) : saved_(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    if (fd >= 0) dup2(fd, STDERR_FILENO);
    if (fd < 0) close(STDERR_FILENO);
  }
  StandardErrorIs(const StandardErrorIs&) = delete;
  StandardErrorIs& operator=(const StandardErrorIs&) = delete;
  ~StandardErrorIs() { dup2(saved_.get(), STDERR_FILENO); }

 private:
  Descriptor saved_;
};

inline void write_line_to(int fd) {
  const StandardErrorIs redirected(fd);
  errno = EXDEV;
  write_to_standard_error(line);
  EXPECT_EQ(errno, EXDEV);
}

/// A write that waits ends the test by SIGALRM.
class StandardErrorTest : public testing::Test {
 protected:
  StandardErrorTest() { alarm(30); }
  ~StandardErrorTest() override { alarm(0); }
};

}  // namespace keepalive
