#include "preload/next.h"

#include <dlfcn.h>

#include <cerrno>
#include <type_traits>

namespace keepalive::preload {
namespace {

// Stands in where nothing behind this library has the function, as when libc.so.6 is itself the program.
template <class Function>
struct Unavailable;
template <class... Arguments>
struct Unavailable<int(Arguments...)> {
  static int call(Arguments...) noexcept {
    errno = ENOSYS;
    return -1;
  }
};
template <class... Arguments>
struct Unavailable<int(Arguments...) noexcept> : Unavailable<int(Arguments...)> {};

template <class Function>
void find(const char* name, Function*& function) {
  void* found = dlsym(RTLD_NEXT, name);
  if (found != nullptr) {
    function = reinterpret_cast<Function*>(found);
  } else {
    function = &Unavailable<Function>::call;
  }
}

}  // namespace

Next find_next() {
  Next next;
  find("socket", next.socket);
  find("accept", next.accept);
  find("accept4", next.accept4);
  find("setsockopt", next.setsockopt);
  find("connect", next.connect);
  find("listen", next.listen);
  return next;
}

}  // namespace keepalive::preload
