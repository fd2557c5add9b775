#include "command/sockets/socket_table.h"

#include <netinet/tcp.h>

#include "command/cli/output.h"

namespace keepalive::command {
namespace {

Cell address_cell(const std::optional<Address>& address) {
  if (!address) return {"*"};
  const bool has_colons = address->host.find(':') != std::string::npos;
  const std::string port = (has_colons ? "]:" : ":") + std::to_string(address->port);
  return {(has_colons ? "[" : "") + address->host + port, Color::none, port.size()};
}

std::string keepalive_text(const TcpSocket& socket) { return socket.keepalive ? "on" : "off"; }

// With the unit of the row of `options`: `180s`. `-` if there is no value, or the kernel does not tell it.
std::string value_text(const TcpSocket& socket, std::size_t row) {
  const int value = socket.values[row];
  return value > 0 ? std::to_string(value) + options[row].unit : "-";
}

std::string user_timeout_text(const TcpSocket& socket) {
  const int milliseconds = socket.values[option_index(TCP_USER_TIMEOUT)];
  if (milliseconds <= 0) return "-";
  return milliseconds % 1000 == 0 ? exact_time_text(milliseconds / 1000) : std::to_string(milliseconds) + "ms";
}

std::string change(const std::string& before, const std::string& after) {
  return before == after ? before : before + " -> " + after;
}

// `off`, or the first probe + the others: `2m+4x30s` for idle 2m, interval 30s, count 4. `on` if the kernel does not
// tell the values.
std::string probes_text(const TcpSocket& socket) {
  if (!socket.keepalive) return "off";
  const int idle = socket.values[option_index(TCP_KEEPIDLE)];
  const int interval = socket.values[option_index(TCP_KEEPINTVL)];
  const int count = socket.values[option_index(TCP_KEEPCNT)];
  if (idle <= 0 || interval <= 0 || count <= 0) return "on";
  return exact_time_text(idle) + "+" + std::to_string(count) + "x" + exact_time_text(interval);
}

}  // namespace

Flag wide_flag(Layout& layout) {
  return {"wide", "", "print a column for each value and shorten nothing", [&](const auto&) { layout = Layout::wide; }};
}

std::string exact_time_text(int seconds) {
  if (seconds % 3600 == 0) return std::to_string(seconds / 3600) + "h";
  return seconds % 60 == 0 ? std::to_string(seconds / 60) + "m" : std::to_string(seconds) + "s";
}

std::vector<Column> socket_columns(Layout layout) {
  std::vector<Column> columns{{"PID", true},          {"PROCESS", false, true}, {"FD", true}, {"STATE"},
                              {"LOCAL", false, true}, {"PEER", false, true},    {"KEEPALIVE"}};
  if (layout == Layout::narrow) {
    columns.push_back({"TIMEOUT", true, false, true});
  } else {
    for (const Option& option : options) columns.push_back(value_column(option));
  }
  return columns;
}

std::vector<Column> show_columns(Layout layout) {
  std::vector<Column> columns = socket_columns(layout);
  const bool is_wide = layout == Layout::wide;
  columns.push_back({is_wide ? "NEXT PROBE" : "NEXT", true, false, !is_wide});
  return columns;
}

std::vector<Cell> socket_cells(const ProcessSocket& found, const TcpSocket& after, Layout layout) {
  const TcpSocket& before = found.socket;
  std::vector<Cell> cells{{std::to_string(found.pid)}, {found.process},
                          {std::to_string(before.fd)}, {state_name(before.state)},
                          address_cell(before.local),  address_cell(before.peer)};
  const auto keepalive = layout == Layout::narrow ? probes_text : keepalive_text;
  cells.push_back({change(keepalive(before), keepalive(after)), after.keepalive ? Color::green : Color::red});
  if (layout == Layout::narrow) {
    cells.push_back({change(user_timeout_text(before), user_timeout_text(after))});
  } else {
    for (std::size_t i = 0; i < options.size(); ++i) {
      cells.push_back({change(value_text(before, i), value_text(after, i))});
    }
  }
  return cells;
}

void print_sockets(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows, Layout layout,
                   const std::string& done) {
  Style style = standard_output_style();
  if (layout == Layout::wide) style.width = 0;
  print(format_table(columns, rows, style), done);
}

}  // namespace keepalive::command
