/// @file
/// Sockets in signal handlers, threads and child processes, and after the environment has changed.
#include <malloc.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "situations.h"

extern char** environ;

namespace {

void cleared_environment() {
  clearenv();
  tcp_socket();
}

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

// setenv() moves the environment when it grows. Here each block of memory is a mapping of its own, so that reading the
// old block crashes.
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
      alarm(5);  // a child does not inherit the alarm; if it hangs, this ends it
      tcp_socket();
      _exit(EXIT_SUCCESS);
    }
    wait_for_success(child);
  }
  done = true;
  for (std::thread& opener : openers) opener.join();
}

// NOLINTBEGIN(clang-analyzer-security.insecureAPI.vfork,clang-analyzer-unix.Vfork): vfork(2) is what this tests
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

}  // namespace

const Situations with_threads{
    {"cleared-environment", cleared_environment},
    {"signal-handler", signal_handler},
    {"changing-environment", changing_environment},
    {"small-thread-stack", small_thread_stack},
    {"fork-in-threaded-program", fork_in_threaded_program},
    {"vfork-child", vfork_child},
    {"spawned-program", spawned_program},
};
