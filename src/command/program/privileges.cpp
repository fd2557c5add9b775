#include "command/program/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <fstream>

namespace keepalive::command {
namespace {

bool has_no_new_privileges() { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }

bool is_mounted_nosuid(const std::string& path) {
  struct statvfs mount {};
  return statvfs(path.c_str(), &mount) == 0 && (mount.f_flag & ST_NOSUID) != 0;
}

}  // namespace

std::string privileges(const std::string& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0 || is_mounted_nosuid(path)) return "";
  if (!has_no_new_privileges()) {
    if ((file.st_mode & S_ISUID) != 0 && file.st_uid != getuid()) return "setuid";
    if ((file.st_mode & S_ISGID) != 0 && (file.st_mode & S_IXGRP) != 0 && file.st_gid != getgid()) return "setgid";
  }
  // Under no_new_privs file capabilities give no rights, but the loader ignores LD_PRELOAD all the same.
  const bool has_capabilities = getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
  return has_capabilities && getuid() != 0 ? "given file capabilities" : "";
}

bool has_capability(unsigned number) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) return false;
  return (data.at(number / 32).effective & (1U << number % 32)) != 0;
}

bool can_filter_without_loss() { return has_capability(CAP_SYS_ADMIN) || has_no_new_privileges(); }

bool can_read_programs() {
  int scope = 0;
  std::ifstream("/proc/sys/kernel/yama/ptrace_scope") >> scope;
  return scope == 0 || (scope < 3 && has_capability(CAP_SYS_PTRACE));
}

}  // namespace keepalive::command
