#include "command/cli/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "keepalive/descriptor.h"

namespace keepalive::command {

int occupy_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    // O_PATH: neither readable nor writable. The root exists where /dev/null may not (chroot, rescue system).
    if (open("/", O_PATH | O_CLOEXEC) < 0) return errno;  // it gets the lowest free number, which is fd
  }
  return 0;
}

int try_descriptors(std::size_t count) {
  std::array<Descriptor, 8> descriptors;
  for (std::size_t i = 0; i < std::min(count, descriptors.size()); ++i) {
    descriptors.at(i) = Descriptor(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    if (descriptors.at(i).get() < 0) return errno;
  }
  return 0;
}

}  // namespace keepalive::command
