/// @file
/// `keepalive run`: runs a program with keepalive, by the library or by the supervisor.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "command/cli/error.h"
#include "command/program/execute.h"
#include "command/program/inspect.h"
#include "command/program/library.h"
#include "command/subcommands.h"
#include "command/supervisor/start.h"
#include "keepalive/settings.h"
#include "keepalive/wording.h"

namespace keepalive::command {
namespace {

constexpr char description[] = "Run a program with TCP keepalive on each of its TCP sockets.\n";

constexpr char notes[] =
    R"(Without --preload and --supervise: the library where a look at the file says that it works, else
the supervisor. What is not given stays as in the environment (KEEPIDLE, KEEPINTVL, KEEPCNT,
KEEPALIVE_USER_TIMEOUT), else as the system has it.

Exit status: that of COMMAND, or
  2    an option or value is wrong
  125  neither way works for COMMAND
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
    if (given.values[i] == 0) continue;
    set_variable(options[i].variable, given.values[i] == automatic_value ? "auto" : std::to_string(given.values[i]));
  }
  if (verbose) set_variable(debug_variable, "1");
  if (force) set_variable(mode_variable, mode_name(Mode::force));
  // Whoever runs this wants keepalive, whatever switched it off around here.
  if (read_settings(variable).settings.mode == Mode::off) set_variable(mode_variable, mode_name(Mode::on));
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

/// How the program gets its keepalive.
enum class Way : unsigned char {
  unchosen,
  preload,
  supervise,
};

[[noreturn]] void refuse(const Look& look, const std::string& reason) {
  throw Error(status_cannot_run,
              "'" + look.file + "' is " + look.detail + ": " + reason + " (--anyway runs it all the same)");
}

Way choose(const Look& look, Way wanted) {
  switch (look.obstacle) {
    case Obstacle::none:
      return wanted == Way::unchosen ? Way::preload : wanted;
    case Obstacle::privileged:
      if (wanted == Way::supervise) refuse(look, "a supervisor takes its rights away; run it as root");
      refuse(look, "the loader ignores LD_PRELOAD there; run it as root, or use /etc/ld.so.preload");
    default:
      if (wanted == Way::preload) refuse(look, "no library can be preloaded there; --supervise reaches it");
      return Way::supervise;
  }
}

void explain(const Look& look, Way way) {
  const std::string why = look.detail.empty() ? "" : " ('" + look.file + "' is " + look.detail + ")";
  std::fprintf(stderr, "keepalive run: by %s%s\n", way == Way::preload ? "the library" : "a supervisor", why.c_str());
}

struct Request {
  Settings given;
  bool force = false;
  bool verbose = false;
  bool anyway = false;
  Way way = Way::unchosen;
};

Arguments parse_request(const Arguments& arguments, Request& request) {
  std::vector<Flag> flags = value_flags(request.given);
  flags.push_back({"force", "", "the program can't undo it", [&](const auto&) { request.force = true; }});
  flags.push_back({"preload", "", "use the preload library", [&](const auto&) { request.way = Way::preload; }});
  flags.push_back({"supervise", "",
                   "by a supervisor beside it, which sets the options when the program calls\n"
                   "connect or listen: static and Go programs too, and all that it starts",
                   [&](const auto&) { request.way = Way::supervise; }});
  flags.push_back(
      {"verbose", "", "a line on standard error for each decision", [&](const auto&) { request.verbose = true; }});
  flags.push_back(
      {"anyway", "", "run COMMAND even if keepalive cannot be given", [&](const auto&) { request.anyway = true; }});
  Arguments command = parse(arguments, flags, Operands::end_flags);
  if (command.empty()) throw Error(status_usage, "missing command; see keepalive run --help");
  return command;
}

int run(const Arguments& arguments) {
  Request request;
  const Arguments command = parse_request(arguments, request);
  const Arguments environment_before = environment();
  set_environment(request.given, request.force, request.verbose);
  const std::string path = find_executable(command[0]);
  Look look = look_at(path, "/proc/self/exe");  // the library may be missing where it is not needed
  if (request.anyway && request.way != Way::unchosen) look.obstacle = Obstacle::none;
  if (request.anyway && look.obstacle == Obstacle::privileged) look.obstacle = Obstacle::none;
  const Way way = choose(look, request.way);
  if (request.verbose) explain(look, way);
  if (way == Way::supervise) {
    const Settings settings = read_settings(variable).settings;
    if (start_supervisor(settings, settings.debug) == Start::under_ours) {
      std::fprintf(stderr, "keepalive run: a supervisor of keepalive is above already: its values hold for '%s'\n",
                   path.c_str());
    }
    const Program program{path, command, environment_before};
    throw_execute_error(program, execute(program));
  }
  set_preload(find_library());
  const Program program{path, command, environment()};
  throw_execute_error(program, execute(program));
}

}  // namespace

const Subcommand run_subcommand{
    "run", "[OPTION...] [--] COMMAND [ARGUMENT...]", "run a program with keepalive", description, notes, run};

}  // namespace keepalive::command
