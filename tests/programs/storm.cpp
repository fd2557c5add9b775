/// @file
/// `storm COUNT THREADS`: opens COUNT sockets in THREADS threads, TCP, UDP and UNIX mixed, and connects and accepts
/// over loopback. Every TCP socket must have the values of the HOWTO's session, other sockets none; no descriptor may
/// be lost, and memory must not grow. Prints one line.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

namespace {

std::atomic<long> opened{0};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::_Exit(EXIT_FAILURE);
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

int checked_tcp(int fd) {
  if (fd < 0) fail("a TCP socket");
  if (option(fd, SOL_SOCKET, SO_KEEPALIVE) != 1 || option(fd, IPPROTO_TCP, TCP_KEEPCNT) != 20 ||
      option(fd, IPPROTO_TCP, TCP_KEEPIDLE) != 180 || option(fd, IPPROTO_TCP, TCP_KEEPINTVL) != 60) {
    fail("the values of a TCP socket");
  }
  ++opened;
  return fd;
}

int checked_other(int fd) {
  if (fd < 0) fail("a socket that is not TCP");
  if (option(fd, SOL_SOCKET, SO_KEEPALIVE) != 0) fail("keepalive on a socket that is not TCP");
  ++opened;
  return fd;
}

// One round opens eight sockets.
void play(long rounds) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const int listener = checked_tcp(socket(AF_INET, SOCK_STREAM, 0));
  if (bind(listener, generic, size) != 0 || listen(listener, 16) != 0) fail("a listener");
  if (getsockname(listener, generic, &size) != 0) fail("getsockname");
  for (long i = 0; i < rounds; ++i) {
    const int client = checked_tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(client, generic, size) != 0) fail("connect");
    sockaddr_storage peer;
    socklen_t peer_size = sizeof peer;
    const int accepted = checked_tcp(i % 2 == 0 ? accept(listener, reinterpret_cast<sockaddr*>(&peer), &peer_size)
                                                : accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    const linger at_once{1, 0};  // no TIME_WAIT: there are fewer ports than rounds
    if (setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) != 0) fail("SO_LINGER");
    close(client);
    close(accepted);
    close(checked_tcp(socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP)));
    close(checked_other(socket(AF_INET, SOCK_DGRAM, 0)));
    close(checked_other(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
    close(checked_other(socket(AF_UNIX, SOCK_STREAM, 0)));
    close(checked_other(socket(AF_UNIX, SOCK_DGRAM, 0)));
    close(checked_other(socket(AF_NETLINK, SOCK_RAW, 0)));
  }
  close(listener);
}

int open_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 4096; ++fd) count += fcntl(fd, F_GETFD) != -1 ? 1 : 0;
  return count;
}

long resident_pages() {
  std::ifstream statm("/proc/self/statm");
  long total = 0;
  long resident = 0;
  statm >> total >> resident;
  return resident;
}

void run(long sockets, long threads) {
  std::vector<std::thread> players;
  for (long i = 0; i < threads; ++i) players.emplace_back(play, (sockets / 8 + threads - 1) / threads);
  for (std::thread& player : players) player.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const long sockets = std::strtol(argv[1], nullptr, 10);
  const long threads = std::strtol(argv[2], nullptr, 10);
  run(sockets / 50, threads);  // so that everything that is allocated once is there
  const int descriptors = open_descriptors();
  const long pages = resident_pages();
  run(sockets, threads);
  if (open_descriptors() != descriptors) fail("descriptors were lost");
  if (resident_pages() > pages + 64) fail("memory grew");
  std::printf("%ld sockets in %ld threads, all as they should be\n", opened.load(), threads);
}
