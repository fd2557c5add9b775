/// @file
/// Numbers of the system calls that the supervisor's filter looks for.
#pragma once

#include <linux/audit.h>
#include <sys/syscall.h>

#include <array>
#include <cstdint>

namespace keepalive::command {

/// For one way of making system calls (seccomp_data.arch).
struct SystemCalls {
  std::uint32_t architecture;  ///< AUDIT_ARCH_..., linux/audit.h
  std::uint32_t socket;
  std::uint32_t setsockopt;
  std::uint32_t socketcall = 0;  ///< socketcall(2), which can make both calls on i386; 0: there is none
};

/// What programs of this machine can use: its own word size first, and then the 32-bit programs of a 64-bit machine.
inline constexpr std::array known_system_calls {
#if defined(__x86_64__) && defined(__LP64__)
  SystemCalls{AUDIT_ARCH_X86_64, 41, 54}, SystemCalls { AUDIT_ARCH_I386, 359, 366, 102 }
};
static_assert(SYS_socket == 41 && SYS_setsockopt == 54);
#elif defined(__i386__)
  SystemCalls { AUDIT_ARCH_I386, 359, 366, 102 }
};
static_assert(SYS_socket == 359 && SYS_setsockopt == 366 && SYS_socketcall == 102);
#elif defined(__aarch64__)
  SystemCalls{AUDIT_ARCH_AARCH64, 198, 208}, SystemCalls { AUDIT_ARCH_ARM, 281, 294 }
};
static_assert(SYS_socket == 198 && SYS_setsockopt == 208);
#elif defined(__arm__)
  SystemCalls { AUDIT_ARCH_ARM, 281, 294 }
};
static_assert(SYS_socket == 281 && SYS_setsockopt == 294);
#elif defined(__riscv) && __riscv_xlen == 64
  SystemCalls { AUDIT_ARCH_RISCV64, 198, 208 }
};
static_assert(SYS_socket == 198 && SYS_setsockopt == 208);
#else
  // An unknown architecture: the supervisor refuses to start there.
  SystemCalls { 0, 0, 0 }
};
#endif

/// Whether the supervisor knows this machine's system calls.
inline constexpr bool has_known_system_calls = known_system_calls[0].architecture != 0;

/// The first argument of socketcall(2) tells which call is meant (linux/net.h).
inline constexpr std::uint32_t socketcall_socket = 1;
inline constexpr std::uint32_t socketcall_setsockopt = 14;

}  // namespace keepalive::command
