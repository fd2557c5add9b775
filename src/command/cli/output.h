/// @file
/// Standard output, all of it or an error.
#pragma once

#include <string>

namespace keepalive::command {

/// Throws Error (status_partly) if the text cannot be written in full.
/// @param done what the error says has been done all the same: `; the sockets were changed`.
void print(const std::string& text, const std::string& done = "");

/// As print(), but not to a client: inetd, and systemd with Accept=yes, start programs with the connection as both
/// standard input and output, and a unit's ExecStartPre= has it too.
void print_unless_to_client(const std::string& text, const std::string& done = "");

/// Prints `keepalive SUBCOMMAND: TEXT` as a line on standard error.
void say(const std::string& subcommand, const std::string& text);

/// A line of advice on standard error if that is a terminal, because services and scripts need none. Empty: none.
void advise(const std::string& subcommand, const std::string& text);

}  // namespace keepalive::command
