#include "command/supervisor/short_slices.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace keepalive::command {
namespace {

// The first version of struct sched_attr, sched_setattr(2). Older headers of libc lack it, and the kernel's own header
// cannot be included beside sched.h.
struct SchedulingAttributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime;  // nanoseconds; for the ordinary policies this is the length of a slice
  std::uint64_t deadline;
  std::uint64_t period;
};

constexpr std::uint64_t shortest_slice = 100'000;  // nanoseconds; the kernel takes no shorter one

}  // namespace

void ask_for_short_slices(std::atomic<bool>& may_ask) {
  if (!may_ask.exchange(false)) return;
  const int dumpable = prctl(PR_GET_DUMPABLE);
  prctl(PR_SET_DUMPABLE, 0);  // no core file if a sandbox kills this process
  SchedulingAttributes attributes{};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) == 0 &&
      (attributes.policy == SCHED_OTHER || attributes.policy == SCHED_BATCH)) {
    attributes.runtime = shortest_slice;
    syscall(SYS_sched_setattr, 0, &attributes, 0);
  }
  prctl(PR_SET_DUMPABLE, dumpable);
  may_ask = true;
}

}  // namespace keepalive::command
