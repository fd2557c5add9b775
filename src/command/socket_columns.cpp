#include "command/socket_columns.h"

#include <algorithm>
#include <cctype>

namespace keepalive::command {
namespace {

std::string in_capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

}  // namespace

std::vector<Column> identity_columns() {
  return {{"PID", true}, {"PROCESS", false, true},       {"FD", true},
          {"STATE"},     {"LOCAL ADDRESS", false, true}, {"PEER ADDRESS", false, true}};
}

std::vector<Cell> identity_cells(const Found& found) {
  return {{std::to_string(found.pid)},       {found.process},
          {std::to_string(found.socket.fd)}, {name_of_state(found.socket.state)},
          {text_of(found.socket.local)},     {text_of(found.socket.peer)}};
}

std::vector<Column> settings_columns() {
  std::vector<Column> columns{{"KEEPALIVE"}};
  for (const Option& option : options) columns.push_back({in_capitals(option.word), true});
  return columns;
}

std::string keepalive_text(const TcpSocket& socket) { return socket.keepalive ? "on" : "off"; }

std::string value_text(const TcpSocket& socket, std::size_t row) {
  const int value = socket.value[row];
  return value > 0 ? std::to_string(value) + options[row].unit : "-";
}

}  // namespace keepalive::command
