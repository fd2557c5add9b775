/// @file
/// `keepalive run`: becomes the program, with the library in front of it.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "error.h"
#include "executable.h"
#include "keepalive/report.h"
#include "keepalive/settings.h"
#include "library.h"
#include "subcommands.h"

namespace keepalive::command {
namespace {

constexpr char help[] = R"(Run a program with TCP keepalive on each of its TCP sockets.

Usage: keepalive run [OPTION...] [--] COMMAND [ARGUMENT...]

  --idle TIME          silence before the first probe: 1 to 32767 seconds, or 90s, 5m, 1h
  --interval TIME      between probes: 1 to 32767 seconds
  --count N            unanswered probes before the connection is dead: 1 to 127
  --user-timeout TIME  how long sent data may stay unacknowledged: milliseconds, or 30s, 5m;
                       auto: idle + interval x count
  --force              the program can't undo it
  --verbose            a line on standard error for each decision (KEEPALIVE_DEBUG=1)
  --anyway             run it also where the library can't work, without a word
  --help

What is not given stays as in the environment (KEEPIDLE, KEEPINTVL, KEEPCNT,
KEEPALIVE_USER_TIMEOUT), else as the system has it. COMMAND takes the place of this command.

Exit status: that of COMMAND, or
  2    an option or value is wrong
  125  preloading would not work for COMMAND
  126  COMMAND can't be executed
  127  there is no COMMAND

Example: keepalive run --idle 2m --interval 30 --count 4 legacy-program
)";

void set_variable(const char* name, const std::string& value) {
  if (setenv(name, value.c_str(), 1) != 0) throw Error(status_cannot_run, "no memory for the environment");
}

const char* variable(const char* name) { return std::getenv(name); }

// What was not given on the command line is checked too: the library would say the same, but go on.
void check_environment() {
  const SettingsAndProblems read = read_settings(variable);
  if (read.problem_count == 0) return;
  const Problem& problem = read.problems[0];
  Line line;
  line.add("the environment has ");
  describe_cause(problem, ", which is ", line);
  std::string text(line.finish());
  text.pop_back();
  throw Error(status_usage, text);
}

void set_environment(const Settings& given, bool force, bool verbose) {
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (given.value[i] == 0) continue;
    set_variable(options[i].variable, given.value[i] == automatic_value ? "auto" : std::to_string(given.value[i]));
  }
  if (verbose) set_variable(debug_variable, "1");
  // Whoever runs this wants keepalive, whatever switched it off around here.
  if (force) set_variable(mode_variable, name_of(Mode::force));
  check_environment();
  if (read_settings(variable).settings.mode == Mode::off) set_variable(mode_variable, name_of(Mode::on));
  check_environment();
}

/// In front of what the user preloads already, unless it is there.
void set_preload(const std::string& library) {
  const char* const present = variable("LD_PRELOAD");
  const std::string others = present != nullptr ? present : "";
  for (std::size_t begin = 0; begin < others.size();) {
    const std::size_t end = std::min(others.find_first_of(" :", begin), others.size());
    if (others.compare(begin, end - begin, library) == 0) return;
    begin = end + 1;
  }
  set_variable("LD_PRELOAD", others.empty() ? library : library + ":" + others);
}

std::string remedy(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::privileged:
      return "there the loader ignores LD_PRELOAD, and takes only what /etc/ld.so.preload names";
    case Obstacle::other_machine:
      return "install the library for that too";
    default:
      return "no library can be preloaded there; once it runs, keepalive set can give its sockets keepalive";
  }
}

void refuse_what_preloading_does_not_reach(const Look& look) {
  if (look.obstacle == Obstacle::none) return;
  throw Error(status_cannot_run, "'" + look.file + "' is " + look.detail + ": " + remedy(look.obstacle) +
                                     " (--anyway runs it all the same)");
}

[[noreturn]] void execute(const std::string& path, const Arguments& command) {
  Arguments copy = command;
  std::vector<char*> pointers;
  pointers.reserve(copy.size() + 1);
  for (std::string& argument : copy) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execvp(path.c_str(), pointers.data());  // the path has a slash: no search, but a script without #! goes to a shell
  const int reason = errno;
  throw Error(reason == ENOENT ? status_not_found : status_not_executable,
              "'" + path + "' can't be executed: " + std::strerror(reason));
}

int run(const Arguments& arguments) {
  Settings given;
  bool force = false;
  bool verbose = false;
  bool anyway = false;
  std::vector<Flag> flags = value_flags(given);
  flags.push_back({"force", false, [&](const auto&) { force = true; }});
  flags.push_back({"verbose", false, [&](const auto&) { verbose = true; }});
  flags.push_back({"anyway", false, [&](const auto&) { anyway = true; }});
  const Arguments command = parse(arguments, flags, Operands::end_flags);
  if (command.empty()) throw Error(status_usage, "which program? See keepalive run --help");

  set_environment(given, force, verbose);
  const std::string library = find_library();
  const std::string path = find_executable(command[0]);
  if (!anyway) refuse_what_preloading_does_not_reach(look_at(path, library));
  set_preload(library);
  execute(path, command);
}

}  // namespace

const Subcommand run_subcommand{"run", help, run};

}  // namespace keepalive::command
