/// @file
/// Rights that execve(2) gives, or that this process has.
#pragma once

#include <string>

namespace keepalive::command {

/// What makes the loader ignore LD_PRELOAD for this file ("Secure-execution mode" in ld.so(8)): "setuid", "setgid" or
/// "given file capabilities". Empty if execve(2) changes nothing: the file is this user's own, it lies on a file
/// system that is mounted nosuid, or setuid has no effect here (no_new_privs).
std::string privileges(const std::string& path);

/// Whether this process has the capability in effect.
/// @param number CAP_SYS_ADMIN ... of linux/capability.h
bool has_capability(unsigned number);

/// Whether a seccomp filter can be put on this process without taking the rights away from the setuid programs that it
/// starts: it has CAP_SYS_ADMIN, or those rights are gone already (no_new_privs).
bool can_filter_without_loss();

/// Whether this process may read the memory of the programs that it starts, although it is not their ancestor:
/// kernel.yama.ptrace_scope is 0 (or there is no Yama), or below 3 with CAP_SYS_PTRACE.
bool can_read_programs();

}  // namespace keepalive::command
