/// @file
/// The TCP sockets of the processes that a user names.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "command/sockets/selection.h"
#include "command/sockets/tcp_socket.h"

namespace keepalive::command {

/// A socket and the process that has it open.
struct ProcessSocket {
  pid_t pid = -1;
  std::string process;  ///< its name, printable
  TcpSocket socket;
};

/// `process 12 (nc), descriptor 3`
std::string describe(const ProcessSocket& found);

/// The first of them, and how many others there are: `process 12 (nc), descriptor 3 and 4 more`.
std::string describe_all(const std::vector<std::string>& sockets);

/// Gets a socket and a descriptor for it, which is open only until this returns.
using Visit = std::function<void(const ProcessSocket& found, int fd)>;

/// What `for_each_socket` got to see.
struct SurveyResult {
  int inspected = 0;  ///< processes
  int failures = 0;   ///< processes, and threads with descriptors of their own, that could not be inspected
};

/// Calls `visit` for each TCP socket of each process, in the order of their numbers. A process that ends meanwhile is
/// passed over. Standard error says in the end which processes could not be inspected, or how many, and why.
/// @param subcommand for messages
SurveyResult for_each_socket(const std::string& subcommand, const Selection& selection, const Visit& visit);

/// Says on standard error that nothing was found: `text`, restricted to the other processes if some could not be
/// inspected. Says nothing if none was inspected, because standard error has the reasons already.
void report_nothing_found(const std::string& subcommand, const SurveyResult& result, const std::string& text);

}  // namespace keepalive::command
