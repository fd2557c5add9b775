/// @file
/// A library that opens a socket when it is loaded, or when it is unloaded: before the program's own constructors or
/// after its destructors. Says on standard output whether the socket has keepalive.
#include <sys/socket.h>
#include <unistd.h>

namespace {

void write_text(const char* text, unsigned long size) {
  if (write(STDOUT_FILENO, text, size) < 0) _exit(1);
}

void open_socket() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  int on = 0;
  socklen_t size = sizeof on;
  getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size);
  if (on != 0) {
    write_text("keepalive is on\n", 16);
  } else {
    write_text("keepalive is off\n", 17);
  }
  close(fd);
}

}  // namespace

#ifdef AT_LOAD
[[gnu::constructor]] void at_load() { open_socket(); }
#else
[[gnu::destructor]] void at_unload() { open_socket(); }
#endif

extern "C" void unusual_time() {}
