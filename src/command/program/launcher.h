/// @file
/// Launchers by name: programs that start the program which their arguments name, and what becomes of LD_PRELOAD there.
#pragma once

#include <string>
#include <string_view>

#include "command/cli/command_line.h"

namespace keepalive::command {

/// The program that a simple launcher (nice, nohup, timeout ...) starts, with its arguments. Empty if `arguments` are
/// not those of such a launcher, or hold an option that this function does not know.
/// @param arguments of the launcher, its name or path first.
Arguments launched_by(const Arguments& arguments);

/// The same for sudo(8), whose program does not get LD_PRELOAD.
Arguments launched_by_sudo(const Arguments& arguments);

/// Whether this launcher starts the program without LD_PRELOAD, whatever its configuration: sudo, `su -` ...
/// @param arguments of the launcher, its path first.
bool drops_environment(const Arguments& arguments);

/// Whether this launcher sets LD_PRELOAD itself, so that the library has no effect in the program: trickle ...
bool replaces_preload(const Arguments& arguments);

/// Which programs get no keepalive although `keepalive run` is in front of this launcher, because they run elsewhere
/// and are no children of it, and what helps: `docker run`, ssh with a command ... Empty if there are none.
std::string describe_elsewhere(const Arguments& arguments);

/// Whether `words`, each between two spaces, holds the word.
bool holds_word(std::string_view words, std::string_view word);

/// Whether the option is among the arguments before a `--`.
bool holds_option(const Arguments& arguments, std::string_view option);

/// Whether the path is that of service(8), which is in a folder sbin. Users call programs of their own "service" too.
bool is_service(std::string_view path);

}  // namespace keepalive::command
