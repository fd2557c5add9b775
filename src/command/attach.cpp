/// @file
/// `keepalive attach`: keepalive for all that runs in a cgroup, by a BPF program in the kernel.
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>

#include "command/cgroup/attachment.h"
#include "command/cgroup/cgroup_table.h"
#include "command/cgroup/coverage.h"
#include "command/cgroup/kernel_support.h"
#include "command/cgroup/refusal.h"
#include "command/cgroup/target.h"
#include "command/cli/error.h"
#include "command/cli/output.h"
#include "command/program/system_values.h"
#include "command/sockets/selection.h"
#include "command/sockets/survey.h"
#include "command/subcommands.h"

namespace keepalive::command {
namespace {

constexpr char description[] =
    R"(Give keepalive to each TCP socket of a service, a container or the whole
machine, running or not, by a BPF program on its cgroup: no restart, no library,
no process. Static and Go programs too.
)";

constexpr char notes[] = R"(TARGET is one of
  NAME.service  a systemd unit that runs (also .socket, .slice, .scope)
  PID           the cgroup of this process, as of a container's first process
  /PATH         a cgroup, as in /proc/PID/cgroup, or its folder
  self          the cgroup that this command runs in
  machine       all cgroups

From now on, sockets get keepalive when they connect, listen or are accepted, in
new processes too. This ends with 'keepalive detach TARGET', or when the cgroup
is removed; systemd removes the cgroup of a service when the service stops.
Attaching again replaces the settings. The system's values are used for values
that are not given.
This needs root and Linux 6.1 (5.9 with --force).

Exit status: 1 if a TARGET is not there or could not be attached to, 2 if an
option, a value or the form of a TARGET is invalid. If one TARGET is not there,
nothing is attached.

Example: keepalive attach --idle 2m --interval 30 --count 4 legacy.service
)";

struct Request {
  Settings settings;
  bool count_open = isatty(STDOUT_FILENO) != 0;
};

bool is_open_without(const TcpSocket& socket) { return socket.state != TCP_LISTEN && !socket.keepalive; }

class Attacher {
 public:
  explicit Attacher(const Request& request) : request_(request) {}

  [[nodiscard]] const Hierarchy& hierarchy() const { return hierarchy_; }

  // Tries the kernel once, for the first target. If it is too old, no target can be attached to.
  void attach(const std::string& target, const std::string& cgroup) {
    try {
      if (rows_.empty()) require_support(try_kernel(hierarchy_), request_.settings);
      attach_to_cgroup(open_cgroup(hierarchy_, cgroup).get(), request_.settings, system_);
    } catch (const BpfError& refusal) {
      throw Error(status_partly, explain(refusal, hierarchy_, cgroup));
    }
    add_row(target, cgroup);
    if (target.ends_with(".service")) stopping_units_ += (stopping_units_.empty() ? "" : ", ") + target;
  }

  void finish() const {
    if (rows_.empty()) return;
    print_unless_to_client(format_table(attach_columns(request_.count_open), rows_, standard_output_style()),
                           "; the settings are attached");
    advise("attach", describe_missing_values(request_.settings, "the system's values are used"));
    advise("attach", stopping_units_.empty()
                         ? ""
                         : "this ends when " + stopping_units_ +
                               " stops or restarts; for each start: 10-keepalive-attach.conf, see examples");
    for (const std::string& remedy : remedies_) say("attach", remedy);
    report_uncovered_listeners();
  }

 private:
  void add_row(const std::string& target, const std::string& cgroup) {
    const Group group = find_members(hierarchy_, cgroup);
    std::vector<Cell> row = cgroup_cells(cgroup, request_.settings);
    row.push_back({std::to_string(group.members.size())});
    if (request_.count_open) {
      const int open = count_open(group);
      row.push_back({std::to_string(open)});
      if (open > 0) {
        remedies_.push_back("for the connections that are open already: keepalive set" +
                            value_options(request_.settings) + " --cgroup " + target);
      }
    }
    rows_.push_back(row);
  }

  int count_open(const Group& group) {
    int count = 0;
    for_each_socket("attach", Selection({}, {group}), [&](const ProcessSocket& found, int) {
      if (is_open_without(found.socket)) ++count;
      // What a listener accepts has the listener's keepalive.
      if (found.socket.state != TCP_LISTEN || found.socket.keepalive || found.socket.cgroup == 0) return;
      std::vector<std::string>& same = listeners_[found.socket.cgroup];
      if (std::find(same.begin(), same.end(), describe(found)) == same.end()) same.push_back(describe(found));
    });
    return count;
  }

  // Once all targets are attached to: the listeners may belong to one of the others.
  void report_uncovered_listeners() const {
    try {
      for (const std::string& text : describe_uncovered(hierarchy_, listeners_)) say("attach", text);
    } catch (const Error&) {
    } catch (const BpfError&) {  // without CAP_SYS_ADMIN nobody can tell what covers them
    }
  }

  const Request& request_;
  const Hierarchy hierarchy_;
  const OptionValues system_ = read_system_values();
  std::vector<std::vector<Cell>> rows_;
  std::vector<std::string> remedies_;
  std::string stopping_units_;
  ListenersByCgroup listeners_;
};

int attach(const Arguments& arguments) {
  Request request;
  std::vector<Flag> flags = value_flags(request.settings);
  flags.push_back({"force", "", "the programs cannot undo it; without it, what they set themselves stands",
                   [&](const auto&) { request.settings.mode = Mode::force; }});
  flags.push_back({"count-open", "",
                   "count the connections that are open already without keepalive; always done on a terminal",
                   [&](const auto&) { request.count_open = true; }});
  const Arguments targets = parse(arguments, flags, Operands::anywhere);
  if (targets.empty()) throw Error(status_usage, "missing TARGET; see keepalive attach --help");

  Attacher attacher(request);
  const std::string for_stopped =
      ": start it first; a service can attach itself at each start (ExecStartPre=+keepalive attach self)";
  const int status = for_each_target("attach", attacher.hierarchy(), targets, for_stopped, require_rights_to_attach,
                                     [&](const auto& target, const auto& cgroup) { attacher.attach(target, cgroup); });
  attacher.finish();
  return status;
}

}  // namespace

const Subcommand attach_subcommand{
    "attach", "[OPTION...] TARGET...", "give it to a service, a container, the machine", description, notes, attach};

}  // namespace keepalive::command
