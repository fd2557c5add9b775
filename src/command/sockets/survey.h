/// @file
/// The TCP sockets of the processes that a user names.
#pragma once

#include <functional>
#include <string>

#include "command/sockets/selection.h"
#include "command/sockets/tcp_socket.h"

namespace keepalive::command {

/// A socket and the process that has it open.
struct ProcessSocket {
  pid_t pid = -1;
  std::string process;  ///< its name, printable
  TcpSocket socket;
};

/// Gets a socket and a descriptor for it, which is open only until this returns.
using Visit = std::function<void(const ProcessSocket& found, int fd)>;

/// Calls `visit` for each TCP socket of each process, in the order of their numbers.
/// @param subcommand for messages
/// Returns false if a process that the user named could not be inspected: standard error says which and why. If the
/// user named none, standard error only counts the processes of other users that could not be inspected. A process that
/// ends meanwhile is passed over.
bool for_each_socket(const std::string& subcommand, const Selection& selection, const Visit& visit);

}  // namespace keepalive::command
