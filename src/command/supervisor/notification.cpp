#include "command/supervisor/notification.h"

#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace keepalive::command {
namespace {

// Linux 5.19: a stopped call is not interrupted by signals any more. Absent from older headers.
constexpr unsigned long wait_killable = 1UL << 5;

// Linux 6.6: the supervisor is woken on the caller's own processor. Absent from older headers.
constexpr unsigned long set_flags_request = _IOW('!', 4, std::uint64_t);
constexpr unsigned long wake_up_at_once = 1UL << 0;

int install(const sock_fprog& program, unsigned long flags) {
  return static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

// SPEC_ALLOW: this is no sandbox, so the program need not be slowed down as one (the default before Linux 5.16).
int install_with_best_flags(const sock_fprog& program) {
  constexpr unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  const int listener = install(program, flags | wait_killable);
  return listener < 0 && errno == EINVAL ? install(program, flags) : listener;
}

}  // namespace

int install_filter(std::vector<sock_filter> filter) {
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  int listener = install_with_best_flags(program);
  if (listener < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
    listener = install_with_best_flags(program);
  }
  return listener >= 0 ? listener : -errno;
}

Listener::Listener(Descriptor descriptor) : descriptor_(std::move(descriptor)) {
  seccomp_notif_sizes sizes{};
  syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
  call_.resize(std::max<std::size_t>(sizes.seccomp_notif, sizeof(seccomp_notif)));
  answer_.resize(std::max<std::size_t>(sizes.seccomp_notif_resp, sizeof(seccomp_notif_resp)));
  ioctl(get(), set_flags_request, wake_up_at_once);  // where the kernel has it
}

const seccomp_notif* Listener::receive() {
  std::fill(call_.begin(), call_.end(), '\0');  // the kernel insists
  auto* const call = reinterpret_cast<seccomp_notif*>(call_.data());
  return ioctl(get(), SECCOMP_IOCTL_NOTIF_RECV, call) == 0 ? call : nullptr;
}

bool Listener::is_waiting(const seccomp_notif& call) const {
  std::uint64_t id = call.id;
  return ioctl(get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

void Listener::let_pass(const seccomp_notif& call) { send(call, SECCOMP_USER_NOTIF_FLAG_CONTINUE); }

void Listener::answer_success(const seccomp_notif& call) { send(call, 0); }

void Listener::send(const seccomp_notif& call, unsigned flags) {
  std::fill(answer_.begin(), answer_.end(), '\0');
  auto* const answer = reinterpret_cast<seccomp_notif_resp*>(answer_.data());
  answer->id = call.id;
  answer->flags = flags;
  ioctl(get(), SECCOMP_IOCTL_NOTIF_SEND, answer);  // fails where the caller has gone: nothing to be done for it
}

}  // namespace keepalive::command
