#include "command/cgroup/hierarchy.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "command/cli/error.h"
#include "command/program/file.h"

namespace keepalive::command {
namespace {

namespace fs = std::filesystem;

// The same numbers on every architecture; absent from older headers.
constexpr int sys_fsopen = 430;
constexpr int sys_fsconfig = 431;
constexpr int sys_fsmount = 432;
constexpr unsigned close_on_exec = 1;   // FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC
constexpr unsigned create_command = 6;  // FSCONFIG_CMD_CREATE

// In mountinfo a space, a tabulator, a newline and a backslash are three octal digits: `\040`.
std::string unescaped(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      result += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

// The path below `top`, beginning with a slash or empty; none if it is not below.
std::optional<std::string> below(const std::string& top, const std::string& path) {
  if (top == "/") return path == "/" ? "" : path;
  if (path == top) return "";
  if (path.rfind(top + "/", 0) == 0) return path.substr(top.size());
  return std::nullopt;
}

[[noreturn]] void refuse_without_mount() {
  const std::string cause = describe_error(errno);
  throw Error(status_partly, "cgroup v2 is not mounted and cannot be mounted (" + cause +
                                 "); this needs root and a kernel with cgroup v2, or, in a container, "
                                 "/sys/fs/cgroup of the host");
}

// Makes a mount outside of all mount namespaces. It ends when its descriptor is closed.
Descriptor mount_for_us_alone() {
  const Descriptor context(syscall(sys_fsopen, "cgroup2", close_on_exec));
  if (context.get() < 0) refuse_without_mount();
  if (syscall(sys_fsconfig, context.get(), create_command, nullptr, nullptr, 0) != 0) refuse_without_mount();
  Descriptor mount(syscall(sys_fsmount, context.get(), close_on_exec, 0));
  if (mount.get() < 0) refuse_without_mount();
  return mount;
}

}  // namespace

std::optional<CgroupMount> find_cgroup_mount(const std::string& mountinfo) {
  std::optional<CgroupMount> best;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    // 41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw
    std::istringstream fields(line);
    std::string skipped;
    std::string root;
    std::string folder;
    fields >> skipped >> skipped >> skipped >> root >> folder;
    const std::size_t separator = line.find(" - ");
    if (separator == std::string::npos || line.compare(separator + 3, 8, "cgroup2 ") != 0) continue;
    if (!best || root.size() < best->root.size()) best = CgroupMount{unescaped(folder), unescaped(root)};
  }
  return best;
}

std::optional<std::string> cgroup_in(const std::string& proc_cgroup) {
  std::istringstream lines(proc_cgroup);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("0::", 0) == 0) return line.substr(3);
  }
  return std::nullopt;
}

std::optional<std::string> cgroup_of(pid_t pid) {
  return cgroup_in(read_text("/proc/" + std::to_string(pid) + "/cgroup"));
}

std::optional<std::string> parent_of(const std::string& cgroup) {
  if (cgroup == "/") return std::nullopt;
  const std::size_t slash = cgroup.rfind('/');
  return slash == 0 ? "/" : cgroup.substr(0, slash);
}

Hierarchy::Hierarchy() {
  const std::string mounts = read_text("/proc/self/mountinfo");
  if (mounts.empty()) throw Error(status_partly, "no cgroup can be seen: /proc is not mounted");
  const std::optional<CgroupMount> mount = find_cgroup_mount(mounts);
  if (mount) {
    mount_ = *mount;
    return;
  }
  own_mount_ = mount_for_us_alone();
  mount_ = {"/proc/self/fd/" + std::to_string(own_mount_.get()), "/"};
}

std::string Hierarchy::folder_of(const std::string& cgroup) const {
  const std::optional<std::string> rest = below(mount_.root, cgroup);
  return rest ? mount_.folder + *rest : "";
}

std::optional<std::string> Hierarchy::cgroup_at(const std::string& folder) const {
  const std::optional<std::string> rest = below(mount_.folder, folder);
  if (!rest) return std::nullopt;
  if (rest->empty()) return mount_.root;
  return mount_.root == "/" ? *rest : mount_.root + *rest;
}

bool Hierarchy::is_machine_root(const std::string& cgroup) const {
  const std::string folder = folder_of(cgroup);
  // Every cgroup has cgroup.procs. Only the machine's root has no cgroup.type; the root of a container has it.
  return !folder.empty() && access((folder + "/cgroup.procs").c_str(), F_OK) == 0 &&
         access((folder + "/cgroup.type").c_str(), F_OK) != 0;
}

void Hierarchy::walk(const std::string& top, const std::function<void(const std::string& cgroup)>& visit) const {
  std::vector<std::string> waiting{top};  // the last one is visited next
  while (!waiting.empty()) {
    const std::string cgroup = waiting.back();
    waiting.pop_back();
    if (folder_of(cgroup).empty()) continue;  // outside of what is mounted here
    visit(cgroup);
    const auto first = static_cast<std::ptrdiff_t>(waiting.size());
    std::error_code gone;  // a cgroup may go at any time
    for (fs::directory_iterator entry(folder_of(cgroup) + "/", gone); !gone && entry != fs::directory_iterator();
         entry.increment(gone)) {
      std::error_code failure;
      const bool is_child = entry->is_directory(failure);
      if (is_child) waiting.push_back((cgroup == "/" ? "" : cgroup) + "/" + entry->path().filename().string());
    }
    std::sort(waiting.begin() + first, waiting.end(), std::greater<>());
  }
}

std::vector<pid_t> Hierarchy::processes_in(const std::string& cgroup) const {
  std::vector<pid_t> pids;
  walk(cgroup, [&](const std::string& visited) {
    std::ifstream file(folder_of(visited) + "/cgroup.procs");
    for (pid_t pid = 0; file >> pid;) {
      if (pid > 0) pids.push_back(pid);  // 0: a process of another PID namespace
    }
  });
  std::sort(pids.begin(), pids.end());
  return pids;
}

}  // namespace keepalive::command
