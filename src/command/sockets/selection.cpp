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
  for (const Group& group : groups_) {
    processes_.insert(processes_.end(), group.members.begin(), group.members.end());
  }
  const std::vector<pid_t> all = all_processes();
  if (is_everything()) processes_ = all;
  for (const std::string& operand : operands_) {
    const std::size_t before = processes_.size();
    std::copy_if(all.begin(), all.end(), std::back_inserter(processes_),
                 [&](pid_t pid) { return names(operand, pid); });
    if (processes_.size() == before) unmatched_.push_back(operand);
  }
  std::sort(processes_.begin(), processes_.end());
  processes_.erase(std::unique(processes_.begin(), processes_.end()), processes_.end());
}

bool Selection::includes(pid_t pid) const {
  if (is_everything()) return true;
  if (std::any_of(groups_.begin(), groups_.end(), [pid](const Group& group) { return group.has(pid); })) return true;
  return std::any_of(operands_.begin(), operands_.end(),
                     [&](const std::string& operand) { return names(operand, pid); });
}

bool report_unmatched(const std::string& subcommand, const Selection& selection, const std::vector<Flag>& flags) {
  for (const std::string& operand : selection.unmatched()) {
    const std::string text =
        is_number(operand.c_str())
            ? "there is no process " + shortened(operand)
            : "no process is named " + quoted(operand) + suggest_flag(operand, flags) +
                  (operand.find_first_of("*?[") != std::string::npos ? "; patterns are not known" : "");
    say(subcommand, text);
  }
  if (!selection.unmatched().empty() && processes_are_hidden()) {
    say(subcommand, describe_hidden_processes());
  }
  return selection.unmatched().empty();
}

}  // namespace keepalive::command
