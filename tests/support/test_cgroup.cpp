#include "support/test_cgroup.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "keepalive/descriptor.h"
#include "support/eventually.h"

namespace support {
namespace {

namespace fs = std::filesystem;

bool may_use_bpf() {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return keepalive::Descriptor(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes)).get() >= 0;
}

bool may_make_cgroups(const std::string& folder) {
  std::string name = folder + "/keepalive-test-XXXXXX";
  return mkdtemp(name.data()) != nullptr && rmdir(name.c_str()) == 0;
}

void kill_all_in(const std::string& folder) {
  std::ifstream processes(folder + "/cgroup.procs");
  for (pid_t pid = 0; processes >> pid;) {
    if (pid > 0) kill(pid, SIGKILL);
  }
}

}  // namespace

std::string TestCgroup::mounted_at() {
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string folder;
    for (int field = 0; field < 5; ++field) fields >> folder;
    if (line.find(" - cgroup2 ") != std::string::npos) return folder;
  }
  return "";
}

std::string TestCgroup::obstacle() {
  if (geteuid() != 0) return "root";
  if (mounted_at().empty()) return "a mounted cgroup v2";
  if (!may_make_cgroups(mounted_at())) return "a writable cgroup v2";
  return may_use_bpf() ? "" : "the right to use bpf(2)";
}

TestCgroup::TestCgroup() {
  std::string name = mounted_at() + "/keepalive-test-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
  path_ = name.substr(mounted_at().size());
}

TestCgroup::~TestCgroup() {
  std::vector<std::string> folders{folder()};
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder(), ignored)) {
    if (entry.is_directory(ignored)) folders.push_back(entry.path());
  }
  std::reverse(folders.begin(), folders.end());  // children first
  for (const std::string& below : folders) {
    // A process that was killed is in its cgroup until it has ended.
    const bool removed = eventually([&] {
      kill_all_in(below);
      return rmdir(below.c_str()) == 0 || errno == ENOENT;
    });
    EXPECT_TRUE(removed) << below;
  }
}

std::string TestCgroup::make_child(const std::string& name) const {
  fs::create_directory(folder() + "/" + name);
  return path_ + "/" + name;
}

std::vector<std::string> TestCgroup::inside(const std::vector<std::string>& command, const std::string& child) const {
  return joined({"/bin/sh", "-c", R"(echo $$ > "$0" && exec "$@")",
                 folder() + (child.empty() ? "" : "/" + child) + "/cgroup.procs"},
                command);
}

}  // namespace support
