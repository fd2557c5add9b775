/// @file
/// What this kernel can do, found by trying: a program loads on kernels where its calls fail later.
#pragma once

#include "command/cgroup/hierarchy.h"

namespace keepalive::command {

enum class KernelSupport : unsigned char {
  unknown,     ///< it could not be tried
  none,        ///< Linux before 5.9
  force_only,  ///< Linux before 6.1
  all,
};

/// Opens a listener for a moment, with a program on this command's own cgroup that acts on that listener alone and goes
/// with this command. Throws BpfError if the program cannot even be loaded.
KernelSupport try_kernel(const Hierarchy& hierarchy);

}  // namespace keepalive::command
