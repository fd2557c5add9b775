/// @file
/// The table of cgroups that `attach` and `attached` print.
#pragma once

#include <string>
#include <vector>

#include "command/cli/table.h"
#include "keepalive/settings.h"

namespace keepalive::command {

/// CGROUP, MODE, a column for each row of `options`, then those that only `attach` or only `attached` has.
std::vector<Column> attach_columns(bool with_open_ones);
std::vector<Column> attached_columns();

/// The cells of the columns that both have.
std::vector<Cell> cgroup_cells(const std::string& cgroup, const Settings& settings);

/// The values as options of the command, each with a space in front: ` --count 4 --idle 120s`.
std::string value_options(const Settings& settings);

}  // namespace keepalive::command
