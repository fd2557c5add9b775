/// @file
/// `keepalive attached`: which cgroups have programs of `keepalive attach`, and their settings.
#include <algorithm>
#include <cerrno>
#include <iterator>

#include "command/cgroup/attachment.h"
#include "command/cgroup/cgroup_table.h"
#include "command/cgroup/refusal.h"
#include "command/cgroup/target.h"
#include "command/cli/error.h"
#include "command/cli/json.h"
#include "command/cli/output.h"
#include "command/cli/printable.h"
#include "command/subcommands.h"
#include "keepalive/wording.h"

namespace keepalive::command {
namespace {

constexpr char description[] = "Show the cgroups that 'keepalive attach' has attached to, and the settings.\n";

constexpr char notes[] = R"(CGROUP        its path, as in /proc/PID/cgroup
MODE          on: what a program sets itself stands; force: it cannot undo the
              values
COUNT, IDLE, INTERVAL, USER-TIMEOUT
              the values; - if the system's is used
INHERITS      cgroups above it that are attached to as well. Their settings are
              applied after its own: with on they give what is left unset, with
              force they replace it

This needs root.

Exit status: 1 if the kernel does not let it see what is attached, 2 if an
option is invalid.
)";

struct Attached {
  std::string cgroup;
  std::optional<Settings> settings;   ///< none: attached by another version
  std::vector<std::string> inherits;  ///< the nearest first
};

// The cgroups above that have programs of ours, the nearest first.
std::vector<std::string> ancestors_among(const std::vector<Attached>& all, const std::string& cgroup) {
  std::vector<std::string> found;
  for (std::optional<std::string> above = parent_of(cgroup); above; above = parent_of(*above)) {
    for (const Attached& attached : all) {
      if (attached.cgroup == *above) found.push_back(*above);
    }
  }
  return found;
}

std::vector<Attached> find_attached() {
  const Hierarchy hierarchy;
  std::vector<Attached> all;
  hierarchy.walk(hierarchy.top(), [&](const std::string& cgroup) {
    const Descriptor folder = try_open_cgroup(hierarchy, cgroup);
    if (folder.get() < 0) return;  // it has gone meanwhile
    try {
      const std::optional<OurProgram> program = find_our_program(folder.get(), sock_ops_type);
      if (program) all.push_back({cgroup, program->settings, ancestors_among(all, cgroup)});
    } catch (const BpfError& refusal) {
      if (refusal.error == ENODEV) return;  // it is going
      throw Error(status_partly, explain(refusal, hierarchy, cgroup));
    }
  });
  return all;
}

std::string joined(const std::vector<std::string>& texts, const char* separator) {
  std::string all;
  for (const std::string& text : texts) {
    if (!all.empty()) all += separator;
    all += text;
  }
  return all;
}

std::string table_of(const std::vector<Attached>& all) {
  std::vector<std::vector<Cell>> rows;
  for (const Attached& attached : all) {
    std::vector<Cell> row = cgroup_cells(attached.cgroup, attached.settings.value_or(Settings()));
    if (!attached.settings) row[1] = Cell{"?"};
    const std::string inherits = joined(attached.inherits, " ");
    row.push_back({inherits.empty() ? "-" : inherits});
    rows.push_back(row);
  }
  return format_table(attached_columns(), rows, standard_output_style());
}

std::string json_value(const std::optional<Settings>& settings, std::size_t option) {
  const int value = settings ? settings->values[option] : 0;
  if (value == automatic_value) return "\"auto\"";
  return value == 0 ? "null" : std::to_string(value);
}

std::string json_object(const Attached& attached) {
  std::string text = "{\"cgroup\": ";
  text += json_string(attached.cgroup) + ", \"mode\": ";
  text += attached.settings ? json_string(mode_name(attached.settings->mode)) : "null";
  for (std::size_t i = 0; i < options.size(); ++i) {
    text += ", \"" + json_key(options[i]) + "\": " + json_value(attached.settings, i);
  }
  std::vector<std::string> inherits;
  std::transform(attached.inherits.begin(), attached.inherits.end(), std::back_inserter(inherits), json_string);
  text += ", \"inherits\": [" + joined(inherits, ", ") + "]}";
  return text;
}

std::string json_of(const std::vector<Attached>& all) {
  std::vector<std::string> objects;
  std::transform(all.begin(), all.end(), std::back_inserter(objects), json_object);
  if (all.empty()) return "[]\n";
  return std::string("[\n ").append(joined(objects, ",\n ")).append("\n]\n");
}

int show_attached(const Arguments& arguments) {
  bool json = false;
  const Arguments operands =
      parse(arguments,
            {{"json", "", "for scripts: an array with an object for each cgroup", [&](const auto&) { json = true; }}},
            Operands::anywhere);
  if (!operands.empty()) {
    throw Error(status_usage, "unexpected operand " + quoted(operands[0]) + "; see keepalive attached --help");
  }
  const std::vector<Attached> all = find_attached();
  if (json) {
    print(json_of(all));
  } else if (all.empty()) {
    std::fputs("keepalive attached: nothing is attached\n", stderr);
  } else {
    print(table_of(all));
  }
  return status_done;
}

}  // namespace

const Subcommand attached_subcommand{"attached",  "[--json]", "show what is attached",
                                     description, notes,      show_attached};

}  // namespace keepalive::command
