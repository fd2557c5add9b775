/// @file
/// `keepalive show`: the keepalive of TCP sockets, as a table or as JSON.
#include <array>
#include <chrono>
#include <climits>
#include <cstdio>

#include "command/cgroup/target.h"
#include "command/cli/error.h"
#include "command/cli/output.h"
#include "command/sockets/socket_filter.h"
#include "command/sockets/socket_json.h"
#include "command/sockets/socket_table.h"
#include "command/sockets/survey.h"
#include "command/subcommands.h"

namespace keepalive::command {
namespace {

constexpr char description[] = "Show the TCP sockets of processes and their keepalive.\n";

constexpr char notes[] = R"(Without PID, NAME or --cgroup: all processes that you may inspect.

KEEPALIVE  off, or when probes are sent: 2m+4x30s is idle 2m, then 4 probes
           every 30s
TIMEOUT    how long sent data may stay unacknowledged (TCP_USER_TIMEOUT)
NEXT       when the next probe is due, if nothing comes from the peer until
           then; - if none is: keepalive is off, the socket is a listener, or
           sent data is unacknowledged (then the kernel sends the data again)

Columns without any value are left out. On a terminal, long names are shortened
in the middle (~) if the table fits then. --wide has a column for each value.

Inspecting processes of other users needs root.

Exit status: 1 if a PID, NAME or TARGET is not there or could not be inspected,
2 if an option or a value is invalid.

Examples: keepalive show sshd
          keepalive show --unprotected 350s
)";

using std::chrono::milliseconds;

// In the largest units that lose nothing of note: 850ms, 12.3s, 4m05s, 1h59m.
std::string time_text(milliseconds time) {
  const auto ms = time.count();
  std::array<char, 32> text{};
  if (ms < 1000) {
    std::snprintf(text.data(), text.size(), "%lldms", static_cast<long long>(ms));
  } else if (ms < 60'000) {
    std::snprintf(text.data(), text.size(), "%d.%ds", static_cast<int>(ms / 1000), static_cast<int>(ms / 100 % 10));
  } else if (ms < 3'600'000) {
    std::snprintf(text.data(), text.size(), "%dm%02ds", static_cast<int>(ms / 60'000),
                  static_cast<int>(ms / 1000 % 60));
  } else {
    std::snprintf(text.data(), text.size(), "%dh%02dm", static_cast<int>(ms / 3'600'000),
                  static_cast<int>(ms / 60'000 % 60));
  }
  return text.data();
}

struct Request {
  bool json = false;
  Layout layout = Layout::narrow;
  Filter filter;
};

class TableOutput {
 public:
  explicit TableOutput(const Request& request) : request_(request) {}

  void add(const ProcessSocket& found) {
    std::vector<Cell> row = socket_cells(found, found.socket, request_.layout);
    row.push_back({found.socket.next_probe ? time_text(*found.socket.next_probe) : "-"});
    rows_.push_back(row);
  }

  void finish(const SurveyResult& result) const {
    if (rows_.empty()) {
      report_nothing_found("show", result, request_.filter.describe_no_match());
      return;
    }
    print_sockets(show_columns(request_.layout), rows_, request_.layout);
  }

 private:
  const Request& request_;
  std::vector<std::vector<Cell>> rows_;
};

class JsonOutput {
 public:
  void add(const ProcessSocket& found) {
    text_ += text_.empty() ? "[\n " : ",\n ";
    text_ += socket_json(found);
  }
  void finish(const SurveyResult&) const { print(text_.empty() ? "[]\n" : text_ + "\n]\n"); }

 private:
  std::string text_;
};

// Returns whether all processes were inspected. Processes that nobody named do not count: those of other users.
template <class Output>
bool show_as(Output output, const Selection& selection, const Filter& filter) {
  SurveyResult result = for_each_socket("show", selection, [&](const ProcessSocket& found, int) {
    if (filter.matches(found.socket)) output.add(found);
  });
  result.failures += static_cast<int>(selection.unmatched().size());
  output.finish(result);
  return result.failures == 0 || selection.is_everything();
}

// The time may be longer than --idle can be, because conntrack keeps an established connection for 5 days.
constexpr Option nat_timeout{"", "", "unprotected", "s", 0, 1, INT_MAX / 1000};

std::vector<Flag> show_flags(Request& request) {
  std::vector<Flag> flags = filter_flags(request.filter);
  flags.push_back(
      {"unprotected", "TIME",
       "only connections that a NAT with this timeout can forget: established, "
       "and keepalive is off or a probe comes only after this time",
       [&](const auto& text) { request.filter.unprotected = std::chrono::seconds(parse_value(nat_timeout, text)); }});
  flags.push_back(
      {"json", "", "for scripts: an array with an object for each socket", [&](const auto&) { request.json = true; }});
  flags.push_back(wide_flag(request.layout));
  return flags;
}

int show(const Arguments& arguments) {
  Request request;
  std::vector<Group> groups;
  std::vector<Flag> flags = show_flags(request);
  flags.push_back(cgroup_flag(groups));
  const Arguments operands = parse(arguments, flags, Operands::anywhere);
  const Selection selection(operands, groups);
  report_unmatched("show", selection, flags);
  const bool complete = request.json ? show_as(JsonOutput(), selection, request.filter)
                                     : show_as(TableOutput(request), selection, request.filter);
  return complete ? status_done : status_partly;
}

}  // namespace

const Subcommand show_subcommand{
    "show", "[OPTION...] [PID|NAME...]", "show the keepalive of TCP sockets", description, notes, show};

}  // namespace keepalive::command
