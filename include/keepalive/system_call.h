/// @file
/// System calls that go directly to the kernel. Libc's functions are cancellation points where these must not be
/// (write(2), poll(2)), and other preload libraries interpose them, syscall(2) included: torsocks 2.3 refuses system
/// calls that it does not know, with a message on the program's standard error.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <concepts>

namespace keepalive {

// Without sanitizers: the calls that they insert would overwrite the registers, which are filled already.
__attribute__((no_sanitize("address", "thread", "undefined"))) inline long system_call_with_words(
    long number, const long (&words)[6]) {
#if defined(__x86_64__) && defined(__LP64__)
  long result;
  register long r10 __asm__("r10") = words[3];
  register long r8 __asm__("r8") = words[4];
  register long r9 __asm__("r9") = words[5];
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(words[0]), "S"(words[1]), "d"(words[2]), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = words[0];
  register long x1 __asm__("x1") = words[1];
  register long x2 __asm__("x2") = words[2];
  register long x3 __asm__("x3") = words[3];
  register long x4 __asm__("x4") = words[4];
  register long x5 __asm__("x5") = words[5];
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#else
  // Other machines use libc's function. It sets errno, so errno is restored.
  const int saved_errno = errno;
  const long result = syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
  const long answer = result == -1 ? -errno : result;
  errno = saved_errno;
  return answer;
#endif
}

inline long word(std::integral auto number) { return static_cast<long>(number); }
inline long word(const void* pointer) { return reinterpret_cast<long>(pointer); }

/// @param arguments up to six whole numbers or pointers.
/// Returns what the kernel returns: a negative errno for a failure. Leaves errno alone; no cancellation point.
template <class... Arguments>
long system_call(long number, Arguments... arguments) {
  static_assert(sizeof...(arguments) <= 6);
  return system_call_with_words(number, {word(arguments)...});
}

}  // namespace keepalive
