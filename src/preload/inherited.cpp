#include "preload/inherited.h"

#include "keepalive/file_status.h"
#include "preload/wrappers.h"

namespace keepalive::preload {
namespace {

constexpr int standard_input = 0;

bool is_socket(int fd) { return file_status(fd).type == S_IFSOCK; }

}  // namespace

void consider_standard_input(const State& state) {
  if (state.settings.mode != Mode::off && is_socket(standard_input)) {
    consider("start", standard_input, nullptr, nullptr, state);
  }
}

}  // namespace keepalive::preload
