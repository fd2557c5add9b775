#include "preload/next.h"

#include <dlfcn.h>

#include <array>
#include <cerrno>

#include "keepalive/supervision.h"
#include "keepalive/system_call.h"
#include "preload/loaded_object.h"

// dlsym(3) is in libc since glibc 2.34, and in libdl before. This library has to load with both. So it asks for the
// oldest version of dlsym, and weakly: if libdl is not loaded, dlsym is null.
#if defined(__GLIBC__)
#if defined(__x86_64__) && defined(__LP64__)
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
#elif defined(__i386__)
__asm__(".symver dlsym, dlsym@GLIBC_2.0");
#elif defined(__aarch64__)
__asm__(".symver dlsym, dlsym@GLIBC_2.17");
#endif
#endif
#pragma weak dlsym

namespace keepalive::preload {
namespace {

enum Name : unsigned char { socket_name, accept_name, accept4_name, setsockopt_name, connect_name, listen_name };
constexpr std::array<char[12], 6> names{{"socket", "accept", "accept4", "setsockopt", "connect", "listen"}};

enum class Step : unsigned char {
  check_answers,  ///< accept what dlsym(3) answered
  behind,         ///< look in all objects behind this library
  libc,           ///< look in libc
};

/// The search for the functions. A walk through the loaded objects checks what dlsym(3) has answered. If functions are
/// missing, further walks look for them.
struct Search {
  Step step = Step::check_answers;
  bool behind = false;  ///< whether the walk has passed this library
  bool supervised = false;
  int marked = 0;                             ///< how many of `socket` and `setsockopt` are libc's
  std::array<void*, names.size()> answers{};  ///< what dlsym(3) says
  std::array<void*, names.size()> functions{};

  [[nodiscard]] bool is_complete() const {
    for (const void* function : functions) {
      if (function == nullptr) return false;
    }
    return true;
  }
};

// Other preload libraries interpose dlsym(3). Some answer with this library's own function, or with a function in front
// of this library that calls this library next. To call such a function would never end. So an answer counts only if
// its object is behind this library, or is libc.
void* find_in(LoadedObject& object, std::size_t index, const Search& search) {
  if (search.step != Step::check_answers) return object.find_function(names[index]);
  if (!object.contains(search.answers[index])) return nullptr;
  return search.behind || object.is_libc() ? search.answers[index] : nullptr;
}

// Returns whether the walk can end.
int visit(dl_phdr_info* info, std::size_t /*size*/, void* data) {
  Search& search = *static_cast<Search*>(data);
  LoadedObject object(*info);
  if (object.contains(names.data())) {
    search.behind = true;
    return 0;
  }
  if (search.step == Step::behind && !search.behind) return 0;
  if (search.step == Step::libc && !object.is_libc()) return 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (search.functions[i] != nullptr) continue;
    search.functions[i] = find_in(object, i, search);
    const bool can_be_marked = i == socket_name || i == setsockopt_name;
    if (search.supervised && can_be_marked && search.functions[i] != nullptr && object.is_libc()) ++search.marked;
  }
  return search.is_complete() ? 1 : 0;
}

int with_errno(long result) {
  if (result >= 0) return static_cast<int>(result);
  errno = static_cast<int>(-result);
  return -1;
}

int call_socket(int domain, int type, int protocol) noexcept {
  return with_errno(system_call(SYS_socket, domain, type, protocol));
}
int call_socket_with_mark(int domain, int type, int protocol) noexcept {
  return with_errno(system_call(SYS_socket, domain, type, protocol, 0, 0, supervised_mark));
}
int call_accept4(int fd, sockaddr* address, socklen_t* length, int flags) noexcept {
  return with_errno(system_call(SYS_accept4, fd, address, length, flags));
}
int call_accept(int fd, sockaddr* address, socklen_t* length) noexcept { return call_accept4(fd, address, length, 0); }
int call_setsockopt(int fd, int level, int name, const void* value, socklen_t size) noexcept {
  return with_errno(system_call(SYS_setsockopt, fd, level, name, value, size));
}
int call_setsockopt_with_mark(int fd, int level, int name, const void* value, socklen_t size) noexcept {
  return with_errno(system_call(SYS_setsockopt, fd, level, name, value, size, supervised_mark));
}
int call_connect(int fd, const sockaddr* address, socklen_t length) noexcept {
  return with_errno(system_call(SYS_connect, fd, address, length));
}
int call_listen(int fd, int backlog) noexcept { return with_errno(system_call(SYS_listen, fd, backlog)); }

template <class Function>
Function* found_or(void* found, Function* system_call_function) {
  return found != nullptr ? reinterpret_cast<Function*>(found) : system_call_function;
}

}  // namespace

Next find_next(bool supervised) {
  Search search;
  search.supervised = supervised;
  for (std::size_t i = 0; i < names.size() && dlsym != nullptr; ++i) search.answers[i] = dlsym(RTLD_NEXT, names[i]);
  // Looks in libc last: if this library was opened by dlopen(3), libc is in front of it, not behind.
  for (const Step step : {Step::check_answers, Step::behind, Step::libc}) {
    if (search.is_complete()) break;
    search.step = step;
    search.behind = false;
    dl_iterate_phdr(visit, &search);
  }
  const auto& found = search.functions;
  Next next{found_or(found[socket_name], &call_socket),   found_or(found[accept_name], &call_accept),
            found_or(found[accept4_name], &call_accept4), found_or(found[setsockopt_name], &call_setsockopt),
            found_or(found[connect_name], &call_connect), found_or(found[listen_name], &call_listen)};
  if (search.marked == 2) {
    next.socket = &call_socket_with_mark;
    next.setsockopt = &call_setsockopt_with_mark;
  }
  return next;
}

}  // namespace keepalive::preload
