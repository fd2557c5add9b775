#include "command/sockets/selection.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "command/cli/error.h"
#include "command/cli/number.h"
#include "command/cli/output.h"
#include "command/cli/printable.h"
#include "command/sockets/process.h"
#include "keepalive/value.h"

namespace keepalive::command {
namespace {

bool names(const std::string& operand, pid_t pid) {
  return is_number(operand.c_str()) ? whole_number(operand) == pid : has_name(pid, operand);
}

}  // namespace

Selection::Selection(std::vector<std::string> operands, std::vector<Group> groups)
    : operands_(std::move(operands)), groups_(std::move(groups)) {
  if (const std::string problem = find_problem_of_proc(); !problem.empty()) throw Error(status_partly, problem);
  std::vector<pid_t> candidates;
  for (const Group& group : groups_) {
    candidates.insert(candidates.end(), group.members.begin(), group.members.end());
  }
  if (groups_.empty()) candidates = all_processes();
  if (operands_.empty()) processes_ = candidates;
  for (const std::string& operand : operands_) {
    const std::size_t before = processes_.size();
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(processes_),
                 [&](pid_t pid) { return names(operand, pid); });
    if (processes_.size() == before) unmatched_.push_back(operand);
  }
  std::sort(processes_.begin(), processes_.end());
  processes_.erase(std::unique(processes_.begin(), processes_.end()), processes_.end());
}

bool Selection::includes(pid_t pid) const {
  const auto has = [pid](const Group& group) { return group.has(pid); };
  const auto named_by = [pid](const std::string& operand) { return names(operand, pid); };
  return (groups_.empty() || std::any_of(groups_.begin(), groups_.end(), has)) &&
         (operands_.empty() || std::any_of(operands_.begin(), operands_.end(), named_by));
}

bool report_unmatched(const std::string& subcommand, const Selection& selection, const std::vector<Flag>& flags) {
  for (const std::string& operand : selection.unmatched()) {
    const bool is_pattern = operand.find_first_of("*?[") != std::string::npos;
    const std::string place = selection.has_groups() ? " in that cgroup" : "";
    const std::string text = is_number(operand.c_str())
                                 ? "there is no process " + shortened(operand) + place
                                 : "no process" + place + " is named " + quoted(operand) +
                                       suggest_flag(operand, flags) + describe_wrong_dash(operand) +
                                       (is_pattern ? "; patterns are not supported" : "");
    say(subcommand, text);
  }
  if (!selection.unmatched().empty() && processes_are_hidden()) {
    say(subcommand, describe_hidden_processes());
  }
  return selection.unmatched().empty();
}

}  // namespace keepalive::command
