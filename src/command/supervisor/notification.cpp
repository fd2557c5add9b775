#include "command/supervisor/notification.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace keepalive::command {
namespace {

// Linux 5.19: once the supervisor has received a call, only a deadly signal interrupts the caller. Absent from older
// headers.
constexpr unsigned long wait_killable = 1UL << 5;

// Linux 6.6: the supervisor is woken on the caller's own processor. Absent from older headers.
constexpr unsigned long set_flags_request = _IOW('!', 4, std::uint64_t);
constexpr unsigned long wake_up_at_once = 1UL << 0;

// Linux 5.9. Defined here, because older headers lack it.
struct AddDescriptor {
  std::uint64_t id;
  std::uint32_t flags;
  std::uint32_t source;
  std::uint32_t number;
  std::uint32_t descriptor_flags;
};
constexpr unsigned long add_descriptor_request = _IOW('!', 3, AddDescriptor);

int install(const sock_fprog& program, unsigned long flags) {
  return static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

// SPEC_ALLOW: before Linux 5.16 a filter without this flag turns on mitigations that slow the program down. They are
// for sandboxes, and this filter is none.
int install_with_best_flags(const sock_fprog& program) {
  constexpr unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  const int descriptor = install(program, flags | wait_killable);
  return descriptor < 0 && errno == EINVAL ? install(program, flags) : descriptor;
}

// The kernel reads as many bytes as its own structure has. The structure of a newer kernel may be larger than the
// header's: that kernel reads zeros from `more`.
struct Answer {
  seccomp_notif_resp response;
  std::byte more[256];
};

}  // namespace

int install_filter(std::vector<sock_filter> filter) {
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  int descriptor = install_with_best_flags(program);
  if (descriptor < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
    descriptor = install_with_best_flags(program);
  }
  return descriptor >= 0 ? descriptor : -errno;
}

bool can_add_descriptors(int notification_fd) {
  const AddDescriptor nobody{0, 0, 0, 0, 0};
  return ioctl(notification_fd, add_descriptor_request, &nobody) == 0 || errno != EINVAL;
}

Notifications::Notifications(Descriptor descriptor) : descriptor_(std::move(descriptor)) {
  ioctl(get(), set_flags_request, wake_up_at_once);  // fails before Linux 6.6, which is harmless
}

bool Notifications::receive(NotificationBuffer& buffer) const {
  std::memset(&buffer, 0, sizeof buffer);  // the kernel takes only a buffer of zeros (else EINVAL)
  return ioctl(get(), SECCOMP_IOCTL_NOTIF_RECV, &buffer.call) == 0;
}

bool Notifications::is_over() const {
  pollfd end{get(), 0, 0};
  return poll(&end, 1, 0) == 1;
}

int Notifications::add_descriptor(std::uint64_t id, int fd, bool close_on_exec) const {
  const AddDescriptor request{id, 0, static_cast<std::uint32_t>(fd), 0,
                              close_on_exec ? static_cast<std::uint32_t>(O_CLOEXEC) : 0};
  return ioctl(get(), add_descriptor_request, &request);
}

void Notifications::answer(std::uint64_t id, int value) const { static_cast<void>(send(id, value, 0)); }

bool Notifications::let_pass(std::uint64_t id) const { return send(id, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE); }

bool Notifications::send(std::uint64_t id, int value, unsigned flags) const {
  Answer answer{};
  answer.response.id = id;
  answer.response.val = value;
  answer.response.flags = flags;
  return ioctl(get(), SECCOMP_IOCTL_NOTIF_SEND, &answer.response) == 0;  // else the caller has ended
}

}  // namespace keepalive::command
