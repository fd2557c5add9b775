/// @file
/// System calls that go to the kernel and nowhere else. Libc's functions are cancellation points where these must not
/// be (write(2), poll(2)), and other preload libraries interpose them, its syscall(2) included: torsocks 2.3 refuses
/// what it does not know there, with a message on the program's standard error.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <concepts>

namespace keepalive::preload {

inline long system_call_with_words(long number, long a, long b, long c, long d, long e) {
#if defined(__x86_64__) && defined(__LP64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
#else
  // Elsewhere libc's own: it says -1 and errno, which goes back to what it was.
  const int saved_errno = errno;
  const long result = syscall(number, a, b, c, d, e);
  const long answer = result == -1 ? -errno : result;
  errno = saved_errno;
  return answer;
#endif
}

inline long word(std::integral auto number) { return static_cast<long>(number); }
inline long word(const void* pointer) { return reinterpret_cast<long>(pointer); }

/// Up to five arguments, whole numbers or pointers. Returns what the kernel does: a negative errno for a failure.
/// Leaves errno alone; no cancellation point.
template <class... Arguments>
long system_call(long number, Arguments... arguments) {
  static_assert(sizeof...(arguments) <= 5);
  const long words[5] = {word(arguments)...};
  return system_call_with_words(number, words[0], words[1], words[2], words[3], words[4]);
}

}  // namespace keepalive::preload
