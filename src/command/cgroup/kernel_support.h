/// @file
/// What `attach` does on an old kernel. It finds what the kernel can do by trying: an old kernel may load a BPF program
/// whose calls fail later.
#pragma once

#include "command/cgroup/hierarchy.h"
#include "keepalive/settings.h"

namespace keepalive::command {

enum class KernelSupport : unsigned char {
  unknown,     ///< it could not be tried
  none,        ///< Linux before 5.9
  force_only,  ///< Linux before 6.1
  all,
};

/// Opens a listener for a moment, and attaches a program to this command's own cgroup that acts on this listener alone.
/// Both are gone when this returns. Throws BpfError if the program cannot even be loaded.
KernelSupport try_kernel(const Hierarchy& hierarchy);

/// Throws Error (status_partly) if the kernel is too old for these settings.
void require_support(KernelSupport support, const Settings& settings);

}  // namespace keepalive::command
