/// @file
/// Our programs on a cgroup: attach, replace, find, detach.
#pragma once

#include <linux/bpf.h>

#include <optional>

#include "command/cgroup/bpf.h"
#include "command/cgroup/record.h"
#include "keepalive/settings.h"

namespace keepalive::command {

/// The types of attachment that have a program of ours.
inline constexpr bpf_attach_type sock_ops_type = BPF_CGROUP_SOCK_OPS;
inline constexpr bpf_attach_type setsockopt_type = BPF_CGROUP_SETSOCKOPT;

/// A step that the kernel refused.
struct BpfError {
  enum class Step : unsigned char { make, load, query, attach, detach };
  Step step;
  int error;  ///< errno
};

/// A program of ours that is attached.
struct OurProgram {
  Descriptor descriptor;
  std::optional<Settings> settings;  ///< none if another version of this command has attached it
};

/// Our program of this type on the cgroup; none if there is none. Programs of others are passed over.
/// Throws BpfError with the step `query`. The error is EPERM without CAP_NET_ADMIN. It is also EPERM without
/// CAP_SYS_ADMIN if there is any program, because reading a program takes this capability.
std::optional<OurProgram> find_our_program(int cgroup, bpf_attach_type type);

/// Attaches the programs for `settings`, in place of those that an earlier call has attached. Sockets are covered at
/// every moment of a replacement. If this throws BpfError, the earlier programs are still attached.
void attach_to_cgroup(int cgroup, const Settings& settings, const OptionValues& system);

/// Detaches our programs. False if there are none. Throws BpfError.
bool detach_from_cgroup(int cgroup);

}  // namespace keepalive::command
