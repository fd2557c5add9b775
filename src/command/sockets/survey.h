/// @file
/// The TCP sockets of the processes that a user names.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "command/cli/command_line.h"
#include "command/sockets/tcp_socket.h"

namespace keepalive::command {

/// A socket as a user sees it.
struct Found {
  pid_t pid = -1;
  std::string process;  ///< its name
  TcpSocket socket;
};

/// Calls `visit` for each TCP socket of each process, in the order of their numbers.
/// @param subcommand for messages, @param targets numbers and names of processes; none: all of them.
/// @param visit gets the socket and a descriptor for it, which is open only until it returns.
/// Returns false where some process could not be looked at, or is not there: standard error says which and why. Among
/// all processes those of other users are only counted there. One that ends meanwhile is passed over.
bool for_each_socket(const std::string& subcommand, const Arguments& targets,
                     const std::function<void(const Found& found, int fd)>& visit);

}  // namespace keepalive::command
