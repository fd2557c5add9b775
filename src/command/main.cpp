/// @file
/// The command `keepalive`: picks the subcommand.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>

#include "command/cli/error.h"
#include "command/cli/output.h"
#include "command/cli/standard_descriptors.h"
#include "command/subcommands.h"

namespace {

using namespace keepalive::command;

constexpr char help[] = R"(TCP keepalive for programs that lack it.

Usage:
  keepalive run [OPTION...] [--] COMMAND [ARGUMENT...]   run a program with keepalive
  keepalive show [--json] [PID|NAME...]                  show the keepalive of TCP sockets
  keepalive set [OPTION...] PID|NAME...                  set it on running processes
  keepalive SUBCOMMAND --help                            all options of a subcommand
  keepalive --version

Examples:
  keepalive run --idle 2m --interval 30 --count 4 legacy-program
  keepalive show legacy-program
  keepalive set --idle 2m --interval 30 --count 4 legacy-program

Manual: man keepalive, man libkeepalive
)";

constexpr std::array subcommands{&run_subcommand, &show_subcommand, &set_subcommand};

// For failures that any subcommand can have.
Status status_of_failure(const Arguments& arguments) {
  return !arguments.empty() && arguments[0] == run_subcommand.name ? status_cannot_run : status_partly;
}

int act(const Arguments& arguments) {
  const int error = occupy_standard_descriptors();
  if (error != 0) {
    throw Error(status_of_failure(arguments), std::string("can't open /: ") + std::strerror(error));
  }
  if (arguments.empty()) throw Error(status_usage, "what to do? One of run, show, set; see keepalive --help");
  const std::string& name = arguments[0];
  if (name == "--help" || name == "-h" || name == "help") {
    print(help);
    return status_done;
  }
  if (name == "--version") {
    print("keepalive " KEEPALIVE_VERSION "\n");
    return status_done;
  }
  for (const Subcommand* subcommand : subcommands) {
    if (name != subcommand->name) continue;
    try {
      return subcommand->act(arguments);
    } catch (const HelpAsked&) {
      print(subcommand->help);
      return status_done;
    }
  }
  throw Error(status_usage, "'" + name + "' is none of run, show, set; see keepalive --help");
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments(argv + std::min(argc, 1), argv + argc);
  const bool has_name = !arguments.empty() && arguments[0][0] != '-';
  const std::string who = has_name ? "keepalive " + arguments[0] : "keepalive";
  try {
    return act(arguments);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: %s\n", who.c_str(), error.what());
    return error.status();
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: not enough memory\n", who.c_str());
    return status_of_failure(arguments);
  }
}
