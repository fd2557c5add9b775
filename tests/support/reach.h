/// @file
/// Programs that no preload library reaches, and whether something else gives their sockets keepalive. The sockets are
/// read from outside: the programs do nothing for it.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "support/expected_options.h"
#include "support/preload.h"

namespace support {

inline const std::string dynamic_program = programs + "/beyond";
inline const std::string static_program = programs + "/beyond-static";

/// A client connects to the port that stands for `{port}`. A server waits for one connection at a port that the kernel
/// chooses. The expectations are regular expressions for options_text().
struct ReachedProgram {
  const char* name;
  std::vector<std::string> command;
  std::string on = all_howto_options;     ///< with the HOWTO's values
  std::string force = all_howto_options;  ///< with --force too
};

void PrintTo(const ReachedProgram& program, std::ostream* out);

/// Those that are reached in every way but by a library, and more that are reached in one way.
std::vector<ReachedProgram> clients_and(const std::vector<ReachedProgram>& more);
std::vector<ReachedProgram> servers_and(const std::vector<ReachedProgram>& more);

/// Returns the command line that runs a command with keepalive.
using Wrapper = std::function<std::vector<std::string>(const std::vector<std::string>&)>;

/// Runs the client, and expects the options of its connection. Skips if the client's program is missing.
void expect_options_of_client(const ReachedProgram& client, const Wrapper& wrap, const std::string& pattern);

/// The same for the connection that a server accepts.
void expect_options_of_server(const ReachedProgram& server, const Wrapper& wrap, const std::string& pattern);

/// Expects that a process of the group has a TCP socket in this state, with these options now or a little later: some
/// programs set options of their own after they have connected.
void expect_options_of_socket(pid_t group, int state, const std::string& pattern);

/// The command with `{port}` replaced.
std::vector<std::string> with_port(std::vector<std::string> command, int port);

}  // namespace support
