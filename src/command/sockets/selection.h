/// @file
/// The processes that a user names.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "command/cli/command_line.h"

namespace keepalive::command {

/// Processes that were found by what they belong to (`--cgroup`).
struct Group {
  std::vector<pid_t> members;      ///< some may have ended since
  std::function<bool(pid_t)> has;  ///< whether the process belongs to it now
};

class Selection {
 public:
  /// Those that have one of these numbers and names, and belong to one of these groups.
  /// @param operands numbers and names of processes. None: all; @param groups none: all.
  /// Throws Error if /proc is not mounted.
  explicit Selection(std::vector<std::string> operands, std::vector<Group> groups = {});

  [[nodiscard]] bool is_everything() const { return operands_.empty() && groups_.empty(); }
  [[nodiscard]] bool has_groups() const { return !groups_.empty(); }

  /// Their numbers, in ascending order, each once.
  [[nodiscard]] const std::vector<pid_t>& processes() const { return processes_; }

  /// Whether this process is one of them. Ask again once it is open (Process), because its
  /// number may have been given to another process before that.
  [[nodiscard]] bool includes(pid_t pid) const;

  /// The operands that name none of them.
  [[nodiscard]] const std::vector<std::string>& unmatched() const { return unmatched_; }

 private:
  std::vector<std::string> operands_;
  std::vector<Group> groups_;
  std::vector<pid_t> processes_;
  std::vector<std::string> unmatched_;
};

/// Says on standard error which operands name no process. Returns false if there are any.
/// @param flags one of them may be what the user meant: `idle=2m`
bool report_unmatched(const std::string& subcommand, const Selection& selection, const std::vector<Flag>& flags);

}  // namespace keepalive::command
