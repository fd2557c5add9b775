/// @file
/// Threads that are cancelled in accept(2), or have a cancellation pending in socket(2).
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <string>

#include "situations.h"

namespace {

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

}  // namespace

const Situations with_cancellation{
    {"cancelled-accept", cancelled_accept},
    {"cancelled-accept4", cancelled_accept4},
    {"pending-cancellation", pending_cancellation},
};
