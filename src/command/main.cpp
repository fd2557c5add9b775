/// @file
/// The command `keepalive`: picks the subcommand.
#include <algorithm>
#include <array>
#include <cstdio>
#include <new>
#include <string>

#include "command/cli/error.h"
#include "command/cli/output.h"
#include "command/cli/printable.h"
#include "command/cli/standard_descriptors.h"
#include "command/subcommands.h"

namespace {

using namespace keepalive::command;

constexpr std::array subcommands{&run_subcommand,    &show_subcommand,   &set_subcommand,
                                 &attach_subcommand, &detach_subcommand, &attached_subcommand};

constexpr char examples[] = R"(
Examples:
  keepalive run --idle 2m --interval 30 --count 4 legacy-program
  keepalive show legacy-program
  keepalive set --idle 2m --interval 30 --count 4 legacy-program
  keepalive attach --idle 2m --interval 30 --count 4 legacy.service

Manual: man keepalive, man libkeepalive
)";

// `run, show, set ...`
std::string names() {
  std::string text;
  for (const Subcommand* subcommand : subcommands) text += (text.empty() ? "" : ", ") + std::string(subcommand->name);
  return text;
}

std::string help() {
  std::string text = "TCP keepalive for programs that lack it.\n\nUsage:\n";
  for (const Subcommand* subcommand : subcommands) {
    text += std::string("  keepalive ") + subcommand->name + " " + subcommand->arguments + "\n";
  }
  text += "  keepalive SUBCOMMAND --help\n  keepalive --version\n\nSubcommands:\n";
  for (const Subcommand* subcommand : subcommands) {
    std::string name = subcommand->name;
    name.resize(8, ' ');
    text += "  " + name + "  " + subcommand->summary + "\n";
  }
  return text + examples;
}

std::string help_of(const Subcommand& subcommand, const HelpAsked& asked) {
  return std::string(subcommand.description) + "\nUsage: keepalive " + subcommand.name + " " + subcommand.arguments +
         "\n\n" + asked.flags + "\n" + subcommand.notes;
}

const Subcommand* find_subcommand(const Arguments& arguments) {
  for (const Subcommand* subcommand : subcommands) {
    if (!arguments.empty() && arguments[0] == subcommand->name) return subcommand;
  }
  return nullptr;
}

// For failures that any subcommand can have.
Status status_of_failure(const Arguments& arguments) {
  return find_subcommand(arguments) == &run_subcommand ? status_cannot_run : status_partly;
}

// `help SUBCOMMAND` is `SUBCOMMAND --help`.
Arguments with_help_as_option(const Arguments& arguments) {
  return arguments.size() > 1 && arguments[0] == "help" ? Arguments{arguments[1], "--help"} : arguments;
}

int act(const Arguments& arguments) {
  const int error = occupy_standard_descriptors();
  if (error != 0) {
    throw Error(status_of_failure(arguments), std::string("cannot open /: ") + describe_error(error));
  }
  if (arguments.empty()) throw Error(status_usage, "missing subcommand (" + names() + "); see keepalive --help");
  const std::string& name = arguments[0];
  if (name == "--help" || name == "-h" || name == "help") {
    print(help());
    return status_done;
  }
  if (name == "--version") {
    print("keepalive " KEEPALIVE_VERSION "\n");
    return status_done;
  }
  if (name[0] == '-') throw Error(status_usage, "unknown option " + shortened(name) + "; see keepalive --help");
  const Subcommand* const subcommand = find_subcommand(arguments);
  if (subcommand == nullptr) {
    throw Error(status_usage, "unknown subcommand " + quoted(name) + " (" + names() +
                                  "); to run a program: keepalive run " + shortened(name));
  }
  if (subcommand != &run_subcommand) {
    const int shortage = try_descriptors(8);
    if (shortage != 0) throw Error(status_partly, describe_error(shortage));
  }
  try {
    return subcommand->act(arguments);
  } catch (const HelpAsked& asked) {
    print(help_of(*subcommand, asked));
    return status_done;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = with_help_as_option({argv + std::min(argc, 1), argv + argc});
  const Subcommand* const subcommand = find_subcommand(arguments);
  const std::string who = subcommand != nullptr ? std::string("keepalive ") + subcommand->name : "keepalive";
  try {
    return act(arguments);
  } catch (const Error& error) {
    print_error(who + ": " + error.what());
    return error.status();
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: not enough memory\n", who.c_str());
    return status_of_failure(arguments);
  }
}
