/// @file
/// How the preload library and the supervisor of `keepalive run --supervise` work together: the supervisor's seccomp
/// filter stops each socket(2) call that makes a TCP socket, and under `force` setsockopt(2) calls, except calls that
/// carry the library's mark.
#pragma once

#include <cstdint>

namespace keepalive {

/// This variable is set for a supervised program: to 1, or to `force` if the supervisor enforces its values. The
/// library then makes its socket and setsockopt system calls itself, with the mark, because it sets the options without
/// help. If KEEPALIVE=off and the variable is 1, the library marks its calls too, so that such a process has no
/// keepalive. If KEEPALIVE=off and the variable is `force`, it does not, so that the process has keepalive all the
/// same.
inline constexpr char supervised_variable[] = "KEEPALIVE_SUPERVISED";

/// The mark: the sixth argument of the system call. These calls have fewer arguments, so the kernel ignores the
/// register, but a seccomp filter can read it (seccomp_data.args[5]). 32 bits, so that it is the same for all word
/// sizes.
inline constexpr std::uint32_t supervised_mark = 0x6b61'6c76;  // "kalv"

}  // namespace keepalive
