/// @file
/// Situations in which preload libraries harm their hosts. `situations NAME` plays one and prints "unharmed", or what
/// went wrong. The environment asks for the values of the HOWTO's session; `--without-keepalive` as second argument
/// says that no socket is expected to have them (KEEPALIVE=off, refused options).
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace {

bool keepalive_expected = true;

[[noreturn]] void harmed(const char* what) {
  dprintf(STDOUT_FILENO, "harmed: %s (errno %d)\n", what, errno);
  _exit(EXIT_FAILURE);
}

void check(bool condition, const char* what) {
  if (!condition) harmed(what);
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

bool has_values(int fd) {
  return option(fd, SOL_SOCKET, SO_KEEPALIVE) == 1 && option(fd, IPPROTO_TCP, TCP_KEEPCNT) == 20 &&
         option(fd, IPPROTO_TCP, TCP_KEEPIDLE) == 180 && option(fd, IPPROTO_TCP, TCP_KEEPINTVL) == 60;
}

// A TCP socket; checks that it is what the environment asks for.
int tcp_socket() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  check(fd >= 0, "no socket");
  check(has_values(fd) == keepalive_expected, "not the values asked for");
  return fd;
}

int listener(sockaddr_in& address) {
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  // By number: nothing has given it any options to inherit.
  const int fd = static_cast<int>(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
  check(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  check(listen(fd, 64) == 0, "listen");
  check(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  return fd;
}

int open_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) != -1 ? 1 : 0;
  return count;
}

void wait_for_success(pid_t child) {
  int status = 0;
  check(waitpid(child, &status, 0) == child, "waitpid");
  check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child was harmed");
}

// --- late ---

void at_exit_handler() {
  std::atexit([] {
    close(tcp_socket());
    std::puts("unharmed");
  });
  std::exit(EXIT_SUCCESS);
}

void cleared_environment() {
  clearenv();
  tcp_socket();
}

// --- signals and threads ---

std::atomic<int> handled{0};

void open_in_handler(int) {
  const int saved_errno = errno;
  close(tcp_socket());
  ++handled;
  errno = saved_errno;
}

// A timer interrupts memory management, stdio and socket calls; the handler, on a small stack, opens sockets.
void signal_handler() {
  constexpr std::size_t stack_size = 16384;  // room for the kernel's frame and little else
  static char stack[stack_size];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = stack_size;
  check(sigaltstack(&alternate, nullptr) == 0, "sigaltstack");
  struct sigaction action {};
  action.sa_handler = open_in_handler;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  check(sigaction(SIGPROF, &action, nullptr) == 0, "sigaction");
  const itimerval every{{0, 1000}, {0, 1000}};
  check(setitimer(ITIMER_PROF, &every, nullptr) == 0, "setitimer");
  FILE* sink = std::fopen("/dev/null", "w");
  std::map<int, std::string> memory;
  for (int i = 0; handled < 200; ++i) {
    memory[i % 100] = std::string(static_cast<std::size_t>(i % 3000), 'x');
    std::fprintf(sink, "%d\n", i);
    close(tcp_socket());
  }
  const itimerval never{};
  setitimer(ITIMER_PROF, &never, nullptr);
}

void in_threads(int count, void* (*run)(void*), std::size_t stack_size = 0) {
  std::vector<pthread_t> threads(static_cast<std::size_t>(count));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (stack_size != 0) check(pthread_attr_setstacksize(&attributes, stack_size) == 0, "pthread_attr_setstacksize");
  for (pthread_t& thread : threads) check(pthread_create(&thread, &attributes, run, nullptr) == 0, "pthread_create");
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
}

// setenv() moves the environment as it grows; memory of its own for each block, so that the old one is unmapped.
void changing_environment() {
  mallopt(M_MMAP_THRESHOLD, 4096);
  static std::atomic<bool> done{false};
  std::thread opener([] {
    while (!done) close(tcp_socket());
  });
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 2000; ++i) setenv(("SOME_VARIABLE_" + std::to_string(i)).c_str(), "x", 1);
    clearenv();
  }
  done = true;
  opener.join();
}

void small_thread_stack() {
  in_threads(
      4,
      [](void*) -> void* {
        for (int i = 0; i < 100; ++i) close(tcp_socket());
        return nullptr;
      },
      static_cast<std::size_t>(PTHREAD_STACK_MIN));
}

void fork_in_threaded_program() {
  static std::atomic<bool> done{false};
  std::vector<std::thread> openers;
  openers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    openers.emplace_back([] {
      while (!done) close(tcp_socket());
    });
  }
  for (int i = 0; i < 300; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(5);  // signals and alarms do not pass to a child; a child that hangs ends by this
      tcp_socket();
      _exit(EXIT_SUCCESS);
    }
    wait_for_success(child);
  }
  done = true;
  for (std::thread& opener : openers) opener.join();
}

// NOLINTBEGIN(clang-analyzer-security.insecureAPI.vfork,clang-analyzer-unix.Vfork): that is what is played here
void vfork_child() {
  const pid_t child = vfork();
  if (child == 0) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    _exit(has_values(fd) == keepalive_expected ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  wait_for_success(child);
  tcp_socket();
}

// NOLINTEND(clang-analyzer-security.insecureAPI.vfork,clang-analyzer-unix.Vfork)

// A program started by posix_spawn, which may use vfork inside.
void spawned_program() {
  char path[] = "/proc/self/exe";
  char name[] = "cleared-environment";
  char without[] = "--without-keepalive";
  char* arguments[] = {path, name, keepalive_expected ? nullptr : without, nullptr};
  pid_t child = 0;
  check(posix_spawn(&child, path, nullptr, nullptr, arguments, environ) == 0, "posix_spawn");
  wait_for_success(child);
  tcp_socket();
}

// --- cancellation ---

struct Cancelled {
  int listener;
  bool with_flags;
  std::atomic<bool> cleaned_up{false};
  std::atomic<bool> destroyed{false};
  std::atomic<long> thread{0};  ///< its number for the kernel, once it has been through the whole wrapper
};

// Waits until a thread of this process sleeps.
void wait_until_asleep(long thread) {
  const std::string path = "/proc/self/task/" + std::to_string(thread) + "/stat";
  for (char state = 'R'; state != 'S'; sched_yield()) {
    FILE* file = std::fopen(path.c_str(), "r");
    check(file != nullptr && std::fscanf(file, "%*d (%*[^)]) %c", &state) == 1, "the thread's state");
    std::fclose(file);
  }
}

void cancel_accept(bool with_flags) {
  sockaddr_in address;
  static Cancelled cancelled;
  cancelled.listener = listener(address);
  cancelled.with_flags = with_flags;
  const int before = open_descriptors();
  pthread_t thread{};
  pthread_create(
      &thread, nullptr,
      [](void*) -> void* {
        struct Object {
          ~Object() { cancelled.destroyed = true; }
        } object;
        pthread_cleanup_push([](void*) { cancelled.cleaned_up = true; }, nullptr);
        sockaddr_in peer;
        socklen_t size = sizeof peer;
        auto* generic = reinterpret_cast<sockaddr*>(&peer);
        for (;;) {
          const int fd = cancelled.with_flags ? accept4(cancelled.listener, generic, &size, SOCK_CLOEXEC)
                                              : accept(cancelled.listener, generic, &size);
          syscall(SYS_close, fd);  // close(2) is a cancellation point as well
          cancelled.thread = syscall(SYS_gettid);
        }
        pthread_cleanup_pop(0);
        return nullptr;
      },
      nullptr);
  // One connection, so that the thread has been through the whole wrapper, then nothing: it blocks in accept.
  const int client = static_cast<int>(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
  check(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connect");
  char byte = 0;
  check(read(client, &byte, 1) == 0, "the thread closes what it accepts");
  close(client);
  while (cancelled.thread == 0) sched_yield();
  wait_until_asleep(cancelled.thread);
  check(pthread_cancel(thread) == 0, "pthread_cancel");
  void* result = nullptr;
  check(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED, "the result is PTHREAD_CANCELED");
  check(cancelled.cleaned_up, "the cleanup handler has run");
  check(cancelled.destroyed, "the C++ destructor has run");
  check(open_descriptors() == before, "no descriptor is lost");
}

void cancelled_accept() { cancel_accept(false); }
void cancelled_accept4() { cancel_accept(true); }

// socket() is no cancellation point, whatever a wrapper does in it.
void pending_cancellation() {
  static std::atomic<bool> pending{false};
  static std::atomic<int> made{-1};
  pthread_t thread{};
  pthread_create(
      &thread, nullptr,
      [](void*) -> void* {
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
        while (!pending) sched_yield();
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, nullptr);
        made = socket(AF_INET, SOCK_STREAM, 0);
        pthread_testcancel();
        return nullptr;
      },
      nullptr);
  pthread_cancel(thread);
  pending = true;
  void* result = nullptr;
  pthread_join(thread, &result);
  check(result == PTHREAD_CANCELED, "the thread was cancelled");
  check(made >= 0, "cancelled in socket()");
}

// --- errno and results ---

void untouched_errno() {
  errno = EXDEV;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  check(errno == EXDEV, "errno after a success");
  check(fd >= 0, "no socket");
}

void untouched_dlerror() {
  const char* error = dlerror();
  check(error == nullptr, "an error of dlsym() that is not the program's");
}

void socket_flags() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  check((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, "the flags of socket()");
}

void accept_without_address() {
  sockaddr_in address;
  const int waiting = listener(address);
  const int client = static_cast<int>(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
  check(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connect");
  const int accepted = accept(waiting, nullptr, nullptr);
  check(accepted >= 0 && has_values(accepted) == keepalive_expected, "not the values asked for");
}

// --- descriptors ---

void too_many_descriptors() {
  const rlimit few{32, 32};
  check(setrlimit(RLIMIT_NOFILE, &few) == 0, "setrlimit");
  while (dup(STDIN_FILENO) >= 0) {
  }
  check(socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == EMFILE, "EMFILE");
}

void descriptor_zero() {
  close(STDIN_FILENO);
  check(tcp_socket() == STDIN_FILENO, "the lowest descriptor");
}

void closed_standard_descriptors() {
  const int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100);
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) close(fd);
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) check(tcp_socket() == fd, "the lowest descriptor");
  dup2(saved, STDOUT_FILENO);
}

void nothing_held_open() { check(open_descriptors() == 3, "a descriptor that the program did not open"); }

// A daemon closes everything; what it opens then gets the numbers, and must hold its own bytes only.
void closed_everything() {
  for (int fd = 3; fd < 1024; ++fd) close(fd);
  const int file = static_cast<int>(memfd_create("file", 0));
  for (int i = 0; i < 10; ++i) close(tcp_socket());
  check(lseek(file, 0, SEEK_END) == 0, "bytes in the program's file");
}

// A bad setting is said at load; descriptor 2 may be the program's file by the time it opens a socket.
void reused_standard_error() {
  const int file = static_cast<int>(memfd_create("file", 0));
  dup2(file, STDERR_FILENO);
  close(socket(AF_INET, SOCK_STREAM, 0));
  check(lseek(STDERR_FILENO, 0, SEEK_END) == 0, "bytes in the program's file");
}

// --- sandboxes ---

void filter(int system_call, unsigned action) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(system_call), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog whole{sizeof program / sizeof *program, program};
  check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "no_new_privs");
  check(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0) == 0, "seccomp");
}

// Nothing may change for the program: sockets work, errno stays, connections are made and accepted.
void use_sockets() {
  sockaddr_in address;
  const int waiting = listener(address);
  errno = EXDEV;
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  check(client >= 0 && errno == EXDEV, "socket");
  check(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && errno == EXDEV, "connect");
  sockaddr_in peer;
  socklen_t size = sizeof peer;
  check(accept(waiting, reinterpret_cast<sockaddr*>(&peer), &size) >= 0 && errno == EXDEV, "accept");
  check(size == sizeof peer && peer.sin_family == AF_INET, "the address");
}

void refused_setsockopt() {
  filter(SYS_setsockopt, SECCOMP_RET_ERRNO | EPERM);
  use_sockets();
}

void refused_getsockopt() {
  filter(SYS_getsockopt, SECCOMP_RET_ERRNO | EPERM);
  use_sockets();
}

void killed_by_setsockopt() {
  filter(SYS_setsockopt, SECCOMP_RET_KILL_PROCESS);
  use_sockets();
}

void nothing_but_the_root() { tcp_socket(); }

const std::map<std::string, void (*)()> situations{
    {"at-exit-handler", at_exit_handler},
    {"cleared-environment", cleared_environment},
    {"signal-handler", signal_handler},
    {"changing-environment", changing_environment},
    {"small-thread-stack", small_thread_stack},
    {"fork-in-threaded-program", fork_in_threaded_program},
    {"vfork-child", vfork_child},
    {"spawned-program", spawned_program},
    {"cancelled-accept", cancelled_accept},
    {"cancelled-accept4", cancelled_accept4},
    {"pending-cancellation", pending_cancellation},
    {"untouched-errno", untouched_errno},
    {"untouched-dlerror", untouched_dlerror},
    {"socket-flags", socket_flags},
    {"accept-without-address", accept_without_address},
    {"too-many-descriptors", too_many_descriptors},
    {"descriptor-zero", descriptor_zero},
    {"closed-standard-descriptors", closed_standard_descriptors},
    {"nothing-held-open", nothing_held_open},
    {"closed-everything", closed_everything},
    {"reused-standard-error", reused_standard_error},
    {"refused-setsockopt", refused_setsockopt},
    {"refused-getsockopt", refused_getsockopt},
    {"killed-by-setsockopt", killed_by_setsockopt},
    {"nothing-but-the-root", nothing_but_the_root},
};

}  // namespace

int main(int argc, char** argv) {
  const auto found = situations.find(argc >= 2 ? argv[1] : "");
  if (found == situations.end()) {
    std::fputs("usage: situations NAME [--without-keepalive]\n", stderr);
    return 2;
  }
  keepalive_expected = argc < 3;
  alarm(10);  // whoever waits for ever is harmed
  found->second();
  dprintf(STDOUT_FILENO, "unharmed\n");
}
