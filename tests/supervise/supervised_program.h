/// @file
/// A supervised program and its supervisor's processes.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/eventually.h"
#include "support/loopback.h"
#include "support/supervised.h"

namespace support {

/// The child processes, also those that wait(2) does not show.
inline std::vector<pid_t> children_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  return {std::istream_iterator<pid_t>(file), {}};
}

/// The processes that ps(1) shows as supervisor of this one. None if there is no such process (any more).
inline std::vector<pid_t> supervisors_of(pid_t program) {
  std::vector<pid_t> found;
  const std::string title = "keepalive: supervisor of " + std::to_string(program) + " (";
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline");
    std::string line;
    if (std::getline(file, line) && line.rfind(title, 0) == 0) found.push_back(std::stoi(entry.path().filename()));
  }
  return found;
}

/// False also for a zombie.
inline bool is_running(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("State:", 0) == 0) return line.find("State:\tZ") != 0;
  }
  return false;
}

/// A static program under the supervisor, which opens a connection for each line of its input and prints how it went.
class SupervisedProgram : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(process_.wait_for_output("ready"));
    const std::vector<pid_t> supervisors = supervisors_of(process_.pid());
    ASSERT_EQ(supervisors.size(), 1U);
    guard_ = supervisors[0];
    ASSERT_TRUE(eventually([&] { return worker() > 0; }));
  }

  /// 0 if there is none just now.
  [[nodiscard]] pid_t worker() const {
    const std::vector<pid_t> workers = children_of(guard_);
    return workers.empty() ? 0 : workers[0];
  }

  /// Lets the program connect. Returns how that went.
  void expect_connection(const std::string& outcome) {
    const std::string expected = process_.output() + outcome;
    process_.write("\n");
    EXPECT_TRUE(process_.wait_for_output(expected)) << process_.output();
  }

  const Listener listener_{64};
  Process process_{{run_with_howto_values(
                        {"--supervise"}, {programs + "/beyond-static", "on-request", std::to_string(listener_.port())}),
                    {}}};
  pid_t guard_ = -1;
};

}  // namespace support
