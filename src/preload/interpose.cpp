/// @file
/// The exported functions, with libc's own signatures. A function is `noexcept` if libc's header says so (glibc's does
/// for some, musl's for none). accept(2) and connect(2) must not be: they are cancellation points, and a cancelled
/// thread unwinds through them.
#include "preload/wrappers.h"

using namespace keepalive::preload;

#define KEEPALIVE_EXPORT __attribute__((visibility("default")))

extern "C" {

KEEPALIVE_EXPORT int socket(int domain, int type, int protocol) noexcept(noexcept(::socket(0, 0, 0))) {
  return with_state<on_socket>(domain, type, protocol);
}

KEEPALIVE_EXPORT int accept(int fd, sockaddr* address, socklen_t* length) {
  return with_state<on_accept>(fd, address, length);
}

KEEPALIVE_EXPORT int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  return with_state<on_accept4>(fd, address, length, flags);
}

KEEPALIVE_EXPORT int connect(int fd, const sockaddr* address, socklen_t length) {
  return with_state<on_connect>(fd, address, length);
}

KEEPALIVE_EXPORT int listen(int fd, int backlog) noexcept(noexcept(::listen(0, 0))) {
  return with_state<on_listen>(fd, backlog);
}

KEEPALIVE_EXPORT int setsockopt(int fd, int level, int name, const void* value,
                                socklen_t size) noexcept(noexcept(::setsockopt(0, 0, 0, nullptr, 0))) {
  return with_state<on_setsockopt>(fd, level, name, value, size);
}

}  // extern "C"
