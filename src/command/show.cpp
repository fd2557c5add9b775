/// @file
/// `keepalive show`: the keepalive of TCP sockets, as a table or as JSON.
#include <cstdio>

#include "command/cgroup/target.h"
#include "command/cli/error.h"
#include "command/cli/output.h"
#include "command/socket_columns.h"
#include "command/sockets/survey.h"
#include "command/subcommands.h"

namespace keepalive::command {
namespace {

constexpr char description[] = "Show the TCP sockets of processes and their keepalive.\n";

constexpr char notes[] = R"(Without PID, NAME or --cgroup: all processes that you may look at.

KEEPALIVE     on or off (SO_KEEPALIVE)
COUNT         unanswered probes before the connection is dead (TCP_KEEPCNT)
IDLE          silence before the first probe (TCP_KEEPIDLE)
INTERVAL      between probes (TCP_KEEPINTVL)
USER-TIMEOUT  how long sent data may stay unacknowledged (TCP_USER_TIMEOUT); - where there is no limit
NEXT PROBE    when it is due, if nothing comes from the peer until then; - where none is: keepalive is
              off, it is a listener, or sent data is unacknowledged (then the kernel sends that again instead)

To look at processes of other users takes root.
Exit status: 1 where a process could not be looked at, or is not there.

Example: keepalive show sshd
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

std::vector<Cell> table_row(const Found& found) {
  const TcpSocket& socket = found.socket;
  std::vector<Cell> row = identity_cells(found);
  row.push_back({keepalive_text(socket), socket.keepalive ? Color::green : Color::red});
  for (std::size_t i = 0; i < options.size(); ++i) row.push_back({value_text(socket, i)});
  row.push_back({socket.next_probe ? time_text(*socket.next_probe) : "-"});
  return row;
}

class TableOutput {
 public:
  void add(const Found& found) { rows_.push_back(table_row(found)); }

  void finish() const {
    std::vector<Column> columns = identity_columns();
    for (Column& column : settings_columns()) columns.push_back(column);
    columns.push_back({"NEXT PROBE", true});
    print(format_table(columns, rows_, standard_output_style()));
  }

 private:
  std::vector<std::vector<Cell>> rows_;
};

// Of printable ASCII, which process names and addresses are here.
std::string json_string(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string json_address(const std::string& key, const std::optional<Address>& address) {
  const std::string host = address ? json_string(address->host) : "null";
  const std::string port = address ? std::to_string(address->port) : "null";
  return "\"" + key + "_address\": " + host + ", \"" + key + "_port\": " + port + ", ";
}

std::string json_key(const Option& option) {
  std::string key = option.word;
  for (char& c : key) {
    if (c == '-') c = '_';
  }
  const std::string unit = option.unit;
  return unit.empty() ? key : key + "_" + unit;
}

std::string json_object(const Found& found) {
  const TcpSocket& socket = found.socket;
  std::string text =
      "{\"pid\": " + std::to_string(found.pid) + ", \"process\": " + json_string(found.process) +
      ", \"fd\": " + std::to_string(socket.fd) + ", \"protocol\": " + (socket.is_mptcp ? "\"mptcp\"" : "\"tcp\"") +
      ", \"state\": " + json_string(name_of_state(socket.state)) + ", " + json_address("local", socket.local) +
      json_address("peer", socket.peer) + "\"keepalive\": " + (socket.keepalive ? "true" : "false");
  for (std::size_t i = 0; i < options.size(); ++i) {
    const int value = socket.value[i];
    text += ", \"" + json_key(options[i]) + "\": " + (value > 0 ? std::to_string(value) : "null");
  }
  text += ", \"next_probe_ms\": " + (socket.next_probe ? std::to_string(socket.next_probe->count()) : "null");
  return text + "}";
}

class JsonOutput {
 public:
  void add(const Found& found) {
    text_ += text_.empty() ? "[\n " : ",\n ";
    text_ += json_object(found);
  }
  void finish() const { print(text_.empty() ? "[]\n" : text_ + "\n]\n"); }

 private:
  std::string text_;
};

template <class Output>
int show_as(Output output, const Arguments& targets) {
  const bool complete = for_each_socket("show", targets, [&](const Found& found, int) { output.add(found); });
  output.finish();
  return complete ? status_done : status_partly;
}

int show(const Arguments& arguments) {
  bool json = false;
  Arguments in_cgroups;
  const std::vector<Flag> flags{
      {"json", "", "for scripts: an array with an object for each socket", [&](const auto&) { json = true; }},
      cgroup_flag(in_cgroups)};
  Arguments targets = parse(arguments, flags, Operands::anywhere);
  targets.insert(targets.end(), in_cgroups.begin(), in_cgroups.end());
  return json ? show_as(JsonOutput(), targets) : show_as(TableOutput(), targets);
}

}  // namespace

const Subcommand show_subcommand{
    "show", "[OPTION...] [PID|NAME...]", "show the keepalive of TCP sockets", description, notes, show};

}  // namespace keepalive::command
