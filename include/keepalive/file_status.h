/// @file
/// What the kernel says about an open file.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include "keepalive/system_call.h"

namespace keepalive {

struct FileStatus {
  unsigned long long device = 0;  ///< of the file system
  unsigned long long inode = 0;
  unsigned long long special_device = 0;  ///< of the device, if the file is one
  unsigned type = 0;                      ///< S_IFREG, S_IFSOCK ...; 0: the descriptor is closed

  [[nodiscard]] bool is_same_file(const FileStatus& other) const {
    return device == other.device && inode == other.inode;
  }
};

/// Uses the system call that the loader has just used for each library, so that no sandbox refuses it.
/// Leaves errno alone.
inline FileStatus file_status(int fd) {
#ifdef SYS_newfstatat
  struct stat status;
  const long result = system_call(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH);
#else
  struct stat64 status;
  const long result = system_call(SYS_fstat64, fd, &status);
#endif
  if (result != 0) return {};
  // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): the kernel fills it
  return {status.st_dev, status.st_ino, status.st_rdev, status.st_mode & S_IFMT};
}

}  // namespace keepalive
