#include "preload/inherited.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "preload/system_call.h"
#include "preload/wrappers.h"

namespace keepalive::preload {
namespace {

constexpr int standard_input = 0;

// With the system call that the loader itself has just used for each library: no sandbox can be surprised by it.
bool is_socket(int fd) {
#ifdef SYS_newfstatat
  struct stat status;
  // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): it is the kernel that fills it
  return system_call(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH) == 0 && S_ISSOCK(status.st_mode);
#else
  struct stat64 status;
  return system_call(SYS_fstat64, fd, &status) == 0 && S_ISSOCK(status.st_mode);
#endif
}

}  // namespace

void consider_standard_input(const State& state) {
  if (state.settings.mode != Mode::off && is_socket(standard_input)) {
    consider("start", standard_input, nullptr, nullptr, state);
  }
}

}  // namespace keepalive::preload
