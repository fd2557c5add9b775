/// @file
/// The table of sockets that `show` and `set` print.
#pragma once

#include <string>
#include <vector>

#include "command/cli/command_line.h"
#include "command/cli/table.h"
#include "command/sockets/survey.h"

namespace keepalive::command {

/// How the values of a socket are laid out.
enum class Layout : unsigned char {
  narrow,  ///< for 80 columns: idle, interval and count in one column, and columns without any value left out
  wide,    ///< each value in its own column
};

/// `--wide`, which sets the layout.
Flag wide_flag(Layout& layout);

/// Which socket it is (process, descriptor, state, addresses), then its keepalive.
std::vector<Column> socket_columns(Layout layout);

/// The same and when the next probe is due.
std::vector<Column> show_columns(Layout layout);

/// @param after the socket as it is after the change, or as a dry run expects it. If it differs from `found`, the cell
/// shows both: `off -> on`.
std::vector<Cell> socket_cells(const ProcessSocket& found, const TcpSocket& after, Layout layout);

/// Prints the table in the style of the standard output, nothing shortened if the layout is wide.
/// @param done see print()
void print_sockets(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows, Layout layout,
                   const std::string& done = "");

/// In the largest unit that divides it: `90s`, `2m`, `1h`.
std::string exact_time_text(int seconds);

}  // namespace keepalive::command
