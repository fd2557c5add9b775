/// @file
/// The seccomp filter of a supervised program: what stops at the supervisor, and what the kernel answers by itself.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

#include "keepalive/settings.h"

namespace keepalive::command {

/// Numbers of the system calls that matter, for one way of making them (seccomp_data.arch).
struct SystemCalls {
  std::uint32_t architecture;  ///< AUDIT_ARCH_..., linux/audit.h
  std::uint32_t connect;
  std::uint32_t listen;
  std::uint32_t setsockopt;
  std::uint32_t socketcall = 0;  ///< socketcall(2), which stands for all three on i386; 0: there is none
};

/// Where socketcall(2) is told which call is meant (linux/net.h).
inline constexpr std::uint32_t socketcall_connect = 3;
inline constexpr std::uint32_t socketcall_listen = 4;
inline constexpr std::uint32_t socketcall_setsockopt = 14;

/// What programs of this machine can use: its own word size first.
extern const std::vector<SystemCalls> known_system_calls;

/// Stops connect(2) and listen(2) and lets everything else pass. Under `force` setsockopt(2) of SO_KEEPALIVE and of the
/// values given is answered 0 and not carried out, by the kernel alone; only where that call comes through
/// socketcall(2), whose arguments the kernel can't look at here, it stops too.
std::vector<sock_filter> make_filter(const Settings& settings);

}  // namespace keepalive::command
