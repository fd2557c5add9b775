#include "command/cgroup/cgroup_table.h"

#include "keepalive/wording.h"

namespace keepalive::command {
namespace {

std::string value_text(const Option& option, int value) {
  if (value == 0) return "-";
  return value == automatic_value ? "auto" : std::to_string(value) + option.unit;
}

std::vector<Column> cgroup_columns() {
  std::vector<Column> columns{{"CGROUP", false, true}, {"MODE"}};
  for (const Option& option : options) columns.push_back(value_column(option));
  return columns;
}

}  // namespace

std::vector<Column> attach_columns(bool with_open_ones) {
  std::vector<Column> columns = cgroup_columns();
  columns.push_back({"PROCESSES", true});
  if (with_open_ones) columns.push_back({"OPEN WITHOUT", true});
  return columns;
}

std::vector<Column> attached_columns() {
  std::vector<Column> columns = cgroup_columns();
  columns.push_back({"INHERITS", false, true});
  return columns;
}

std::vector<Cell> cgroup_cells(const std::string& cgroup, const Settings& settings) {
  std::vector<Cell> cells{{cgroup}, {mode_name(settings.mode)}};
  for (std::size_t i = 0; i < options.size(); ++i) cells.push_back({value_text(options[i], settings.values[i])});
  return cells;
}

std::string value_options(const Settings& settings) {
  std::string text;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (settings.values[i] == 0) continue;
    text += std::string(" --") + options[i].word + " " + value_text(options[i], settings.values[i]);
  }
  return text;
}

}  // namespace keepalive::command
