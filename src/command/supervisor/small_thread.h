/// @file
/// Threads of the supervisor.
#pragma once

#include <pthread.h>

namespace keepalive::command {

/// Starts a detached thread. Its stack is small, because the program's limits (RLIMIT_AS, RLIMIT_STACK) hold for the
/// supervisor too. False if the thread cannot be started.
inline bool start_small_thread(void* (*function)(void*), void* argument) {
  constexpr std::size_t stack_size = std::size_t{256} * 1024;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, stack_size);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread{};
  const bool started = pthread_create(&thread, &attributes, function, argument) == 0;
  pthread_attr_destroy(&attributes);
  return started;
}

}  // namespace keepalive::command
