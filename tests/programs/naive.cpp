/// @file
/// A preload library as one writes it in an afternoon; the tests of harmlessness show that it fails each of them. Every
/// flaw in here is one that some published relative has, or a shorter way to the same harm. They are marked (flaw).
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace {

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// (flaw) Resolved by a constructor only: other constructors may run earlier.
decltype(&::socket) next_socket;
decltype(&::accept) next_accept;
decltype(&::accept4) next_accept4;

// (flaw) A lock: a signal handler or the child of a fork waits for it for ever.
std::mutex mutex;

// (flaw) Destroyed before later destructors that still open sockets.
std::unique_ptr<std::map<std::string, int>> option_numbers;

int log_fd = -1;

struct Setup {
  Setup() {
    next_socket = next<decltype(::socket)>("socket");
    next_accept = next<decltype(::accept)>("accept");
    next_accept4 = next<decltype(::accept4)>("accept4");
    option_numbers = std::make_unique<std::map<std::string, int>>();
    *option_numbers = {{"KEEPCNT", TCP_KEEPCNT}, {"KEEPIDLE", TCP_KEEPIDLE}, {"KEEPINTVL", TCP_KEEPINTVL}};
    log_fd = open("/dev/null", O_WRONLY);           // (flaw) a descriptor that the program knows nothing of
    (void)dlsym(RTLD_DEFAULT, "no such function");  // (flaw) leaves an error for the program to find
    if (log_fd < 0) std::abort();                   // (flaw) /dev need not be there
  }
} setup;

bool give_keepalive(int fd) {
  const std::lock_guard lock(mutex);
  char message[65536];  // (flaw) more stack than some threads have
  std::memset(message, 0, sizeof message);
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return false;  // (flaw) a sandbox may refuse this call
  const int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) != 0) return false;
  for (const auto& [name, number] : *option_numbers) {
    // (flaw) Read for each socket, while other threads may change the environment.
    const char* text = getenv(name.c_str());
    if (text == nullptr) continue;
    const int value = std::atoi(text);  // NOLINT(cert-err34-c): (flaw) "60s" is taken for 60
    if (setsockopt(fd, IPPROTO_TCP, number, &value, sizeof value) != 0) {
      // (flaw) Reported when it is used: by then descriptor 2 may be any file.
      std::snprintf(message, sizeof message, "bad %s\n", name.c_str());
      std::fputs(message, stderr);
      return false;
    }
  }
  dprintf(log_fd, "keepalive on %d\n", fd);  // (flaw) log_fd may be the program's by now
  return true;
}

// (flaw) The program's socket is lost when an option is refused.
int finish(int fd) {
  if (fd == 0) return fd;  // (flaw) 0 is a valid descriptor
  if (!give_keepalive(fd)) {
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  errno = 0;  // (flaw) errno is the program's
  return fd;
}

// (flaw) noexcept: a thread that is cancelled in here ends the whole program.
int accept_and_finish(int fd, sockaddr* address, socklen_t* length) noexcept {
  const std::string call = "accept on " + std::to_string(fd);  // (flaw) and allocates
  const int accepted = next_accept(fd, address, length);
  dprintf(log_fd, "%s\n", call.c_str());
  return address->sa_family == AF_INET ? finish(accepted) : accepted;  // (flaw) the address may be null
}

}  // namespace

extern "C" {

int socket(int domain, int type, int protocol) noexcept {
  const int fd = next_socket(domain, type & 0xf, protocol);  // (flaw) the flags are lost
  return (type & SOCK_STREAM) != 0 ? finish(fd) : fd;        // (flaw) SOCK_RAW has this bit, UNIX sockets are streams
}

int accept(int fd, sockaddr* address, socklen_t* length) { return accept_and_finish(fd, address, length); }

int accept4(int fd, sockaddr* address, socklen_t* length, int) {
  return accept_and_finish(fd, address, length);  // (flaw) the flags are lost
}

}  // extern "C"
