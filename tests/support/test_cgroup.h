/// @file
/// A cgroup for a test, which is removed with it, and the right to use BPF there. Uses none of the product's code.
#pragma once

#include <string>
#include <vector>

#include "support/requirements.h"

namespace support {

class TestCgroup {
 public:
  /// Where cgroup v2 is mounted; empty if it is not.
  static std::string mounted_at();

  /// What keeps this machine from attaching BPF programs to cgroups, as a reason to skip; empty if nothing does.
  static std::string obstacle();

  TestCgroup();
  TestCgroup(const TestCgroup&) = delete;
  TestCgroup& operator=(const TestCgroup&) = delete;
  /// Kills what is still in it.
  ~TestCgroup();

  /// As /proc/PID/cgroup has it.
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string folder() const { return mounted_at() + path_; }

  /// Makes a cgroup below it; its path.
  [[nodiscard]] std::string make_child(const std::string& name) const;

  /// The command, run inside of this cgroup or of one below it.
  [[nodiscard]] std::vector<std::string> inside(const std::vector<std::string>& command,
                                                const std::string& child = "") const;

 private:
  std::string path_;
};

#define REQUIRE_CGROUP_BPF() \
  REQUIRE_OR_SKIP(support::TestCgroup::obstacle().empty(), "this needs " + support::TestCgroup::obstacle())

}  // namespace support
