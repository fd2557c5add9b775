/// @file
/// The cgroup v2 hierarchy: where it is, what lies in it, and which cgroup a process is in.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "keepalive/descriptor.h"

namespace keepalive::command {

/// A mount of cgroup v2.
struct CgroupMount {
  std::string folder;  ///< where it is mounted
  std::string root;    ///< the cgroup that is seen there, as /proc/PID/cgroup writes it
};

/// The mount that shows the largest part of the hierarchy, from the text of /proc/self/mountinfo.
std::optional<CgroupMount> find_cgroup_mount(const std::string& mountinfo);

/// The cgroup v2 of a process, from the text of /proc/PID/cgroup: `/system.slice/cron.service`.
std::optional<std::string> cgroup_in(const std::string& proc_cgroup);

/// The cgroup v2 of the process; none if there is no such process, or no cgroup v2.
std::optional<std::string> cgroup_of(pid_t pid);

class Hierarchy {
 public:
  /// Finds the mount of the hierarchy. If there is none, makes one that only this process sees (CAP_SYS_ADMIN).
  /// Throws Error (status_partly).
  Hierarchy();

  explicit Hierarchy(CgroupMount mount) : mount_(std::move(mount)) {}

  /// The folder of the mount; empty if only this process sees the mount.
  [[nodiscard]] std::string mounted_at() const { return own_mount_.get() < 0 ? mount_.folder : ""; }

  /// The folder of a cgroup. Empty if the cgroup is not below the mount.
  [[nodiscard]] std::string folder_of(const std::string& cgroup) const;

  /// The cgroup whose folder this is. None if it is not below the mount.
  [[nodiscard]] std::optional<std::string> cgroup_at(const std::string& folder) const;

  /// Whether the cgroup is the machine's root, not only that of a container.
  [[nodiscard]] bool is_machine_root(const std::string& cgroup) const;

  /// The topmost cgroup that the mount shows.
  [[nodiscard]] const std::string& top() const { return mount_.root; }

  /// Calls `visit` for this cgroup and all below it, each before its children, those in the order of their names.
  void walk(const std::string& top, const std::function<void(const std::string& cgroup)>& visit) const;

  /// The processes in this cgroup and all below it, in ascending order.
  [[nodiscard]] std::vector<pid_t> processes_in(const std::string& cgroup) const;

 private:
  Descriptor own_mount_;
  CgroupMount mount_;
};

/// The cgroup above; none for `/`.
std::optional<std::string> parent_of(const std::string& cgroup);

}  // namespace keepalive::command
