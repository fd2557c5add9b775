/// @file
/// Prints the keepalive options that a new TCP socket has. It never sets any itself: run it with and without
/// libkeepalive.so to see what the library does.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(EXIT_FAILURE);
}

int option(int fd, int level, int name, const char* text) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(fd, level, name, &value, &size) != 0) fail(text);
  return value;
}

void print_options(int fd) {
  const bool on = option(fd, SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE") != 0;
  std::printf("SO_KEEPALIVE is %s\n", on ? "ON" : "OFF");
  if (on) {
    std::printf("TCP_KEEPCNT   = %d\n", option(fd, IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT"));
    std::printf("TCP_KEEPIDLE  = %d\n", option(fd, IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE"));
    std::printf("TCP_KEEPINTVL = %d\n", option(fd, IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL"));
  }
  const int user_timeout = option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT");
  // Whoever writes 30 may mean seconds, as everywhere else.
  const char* const unit = user_timeout < 1000 ? " milliseconds" : "";
  if (user_timeout != 0) std::printf("TCP_USER_TIMEOUT = %d%s\n", user_timeout, unit);
}

int new_socket() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) fail("socket");
  return fd;
}

// A connection to ourselves over loopback; returns the accepted end. All descriptors live until the program ends.
int accepted_socket() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);

  const int listener = new_socket();
  if (bind(listener, generic, size) != 0) fail("bind");
  if (listen(listener, 1) != 0) fail("listen");
  if (getsockname(listener, generic, &size) != 0) fail("getsockname");
  if (connect(new_socket(), generic, size) != 0) fail("connect");
  const int accepted = accept(listener, nullptr, nullptr);
  if (accepted < 0) fail("accept");
  return accepted;
}

int end() {
  if (std::fflush(stdout) != 0) fail("standard output");
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    print_options(new_socket());
  } else if (argc == 2 && std::strcmp(argv[1], "--accept") == 0) {
    print_options(accepted_socket());
  } else {
    const bool help = argc == 2 && std::strcmp(argv[1], "--help") == 0;
    std::fputs(
        "usage: keepalive-check [--accept]\n"
        "Prints the keepalive options of a new TCP socket; with --accept, of an accepted one.\n",
        help ? stdout : stderr);
    return help ? end() : 2;
  }
  return end();
}
