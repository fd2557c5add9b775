/// @file
/// Standard output, all of it or an error.
#pragma once

#include <string>

namespace keepalive::command {

/// Throws Error (status_partly) if the text cannot be written in full.
/// @param done what the error says has been done all the same: `; the sockets were changed`.
void print(const std::string& text, const std::string& done = "");

/// Whether a client of this machine reads what is written there: inetd, and systemd with Accept=yes, start programs
/// with the connection as standard input, output and error, and a unit's ExecStartPre= has it too.
bool leads_to_client(int fd);

/// As print(), but not to a client.
void print_unless_to_client(const std::string& text, const std::string& done = "");

/// Prints the line, without its newline, on standard error. If that leads to a client, the line goes to the
/// system log.
void print_error(const std::string& line);

/// Prints `keepalive SUBCOMMAND: TEXT` as print_error() does.
void say(const std::string& subcommand, const std::string& text);

/// A line of advice on standard error if that is a terminal, because services and scripts need none. Empty: none.
void advise(const std::string& subcommand, const std::string& text);

}  // namespace keepalive::command
