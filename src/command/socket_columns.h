/// @file
/// What `show` and `set` both print of a socket.
#pragma once

#include <vector>

#include "command/cli/table.h"
#include "command/sockets/survey.h"

namespace keepalive::command {

/// The columns that tell which socket it is: process, descriptor, state, addresses.
std::vector<Column> identity_columns();
std::vector<Cell> identity_cells(const Found& found);

/// Those with its settings: keepalive, then one for each row of `options`.
std::vector<Column> settings_columns();

/// `on` or `off`.
std::string keepalive_text(const TcpSocket& socket);

/// The value of a row of `options` with its unit: `180s`. `-` where there is none, or the kernel does not tell.
std::string value_text(const TcpSocket& socket, std::size_t row);

}  // namespace keepalive::command
