/// @file
/// `keepalive detach`: takes away what `attach` has attached.
#include "command/cgroup/attachment.h"
#include "command/cgroup/coverage.h"
#include "command/cgroup/refusal.h"
#include "command/cgroup/target.h"
#include "command/cli/error.h"
#include "command/cli/output.h"
#include "command/subcommands.h"

namespace keepalive::command {
namespace {

constexpr char description[] = "End what 'keepalive attach' began.\n";

constexpr char notes[] =
    R"(TARGET is a systemd unit (NAME.service), a PID, a cgroup (/PATH), self or
machine, as for attach. 'keepalive attached' shows what is attached, and to
which cgroup. BPF programs of others stay.
Open sockets keep their keepalive. Open listeners keep it too, and so do the
connections that they accept. Other new sockets get nothing.

Exit status: 1 if a TARGET is not there, if nothing is attached to it, or if it
could not be detached from, 2 if an option or the form of a TARGET is invalid.
If one TARGET is not there, nothing is detached.

Example: keepalive detach legacy.service
)";

void detach(const Hierarchy& hierarchy, const std::string& cgroup) {
  try {
    if (detach_from_cgroup(open_cgroup(hierarchy, cgroup).get())) {
      print_unless_to_client("detached from " + cgroup + "; sockets keep what they have\n",
                             "; detached from " + cgroup);
      return;
    }
    const std::string above = nearest_attached(hierarchy, cgroup);
    throw Error(status_partly, "nothing is attached to " + cgroup +
                                   (above.empty() ? "" : "; the settings of " + above + " above it apply to it"));
  } catch (const BpfError& refusal) {
    throw Error(status_partly, explain(refusal, hierarchy, cgroup));
  }
}

int detach(const Arguments& arguments) {
  const Arguments targets = parse(arguments, {}, Operands::anywhere);
  if (targets.empty()) throw Error(status_usage, "missing TARGET; see keepalive detach --help");
  const Hierarchy hierarchy;
  return for_each_target("detach", hierarchy, targets, ", so nothing is attached to it", require_rights_to_detach,
                         [&](const auto& /*target*/, const auto& cgroup) { detach(hierarchy, cgroup); });
}

}  // namespace

const Subcommand detach_subcommand{"detach", "TARGET...", "end what attach began", description, notes, detach};

}  // namespace keepalive::command
