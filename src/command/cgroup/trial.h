/// @file
/// Finds what this kernel can do for `attach`, by trying: on an old kernel a program may load, and its calls fail
/// later. require() in refusal.h says what follows from it.
#pragma once

#include "command/cgroup/hierarchy.h"

namespace keepalive::command {

enum class KernelSupport : unsigned char {
  unknown,     ///< it could not be tried
  none,        ///< Linux before 5.9
  force_only,  ///< Linux before 6.1
  all,
};

/// Opens a listener for a moment, and attaches a program to this command's own cgroup that acts on this listener alone.
/// Both are gone when this returns. Throws BpfError if the program can't even be loaded.
KernelSupport try_kernel(const Hierarchy& hierarchy);

}  // namespace keepalive::command
