/// @file
/// `keepalive run`: runs a program with keepalive, by the preload library, by a supervisor, or by both.
#include <unistd.h>

#include "command/cli/error.h"
#include "command/cli/printable.h"
#include "command/cli/standard_descriptors.h"
#include "command/program/environment.h"
#include "command/program/execute.h"
#include "command/program/file.h"
#include "command/program/find_executable.h"
#include "command/program/inspect.h"
#include "command/program/library.h"
#include "command/program/notes.h"
#include "command/program/privileges.h"
#include "command/program/system_values.h"
#include "command/program/systemd.h"
#include "command/program/way.h"
#include "command/subcommands.h"
#include "command/supervisor/start.h"
#include "keepalive/settings.h"
#include "keepalive/wording.h"

namespace keepalive::command {
namespace {

constexpr char description[] = "Run a program with TCP keepalive on each of its TCP sockets.\n";

constexpr char help_notes[] =
    R"(Without --preload and --supervise, the file of COMMAND decides: the library for
programs that make sockets themselves; a supervisor for static programs, Go
programs and those of another word size; both for scripts and for programs that
start others (sudo, su, env), unless that would take rights from setuid
programs. Values that are not given stay as in the environment (KEEPIDLE,
KEEPINTVL, KEEPCNT, KEEPALIVE_USER_TIMEOUT), else as the system has them.

Exit status: that of COMMAND, or
  2    an option or value is invalid
  125  keepalive cannot be given to COMMAND
  126  COMMAND cannot be executed
  127  there is no COMMAND

Example: keepalive run --idle 2m --interval 30 --count 4 legacy-program
)";

struct Request {
  Settings given;
  bool anyway = false;
  Wish wish = Wish::none;
  Arguments command;
};

void choose(Wish& wish, Wish chosen) {
  if (wish != Wish::none && wish != chosen) {
    throw Error(status_usage, "--preload and --supervise cannot be combined; see keepalive run --help");
  }
  wish = chosen;
}

Request parse_request(const Arguments& arguments) {
  Request request;
  std::vector<Flag> flags = value_flags(request.given);
  flags.push_back({"force", "", "COMMAND can neither turn keepalive off nor change these values",
                   [&](const auto&) { request.given.mode = Mode::force; }});
  flags.push_back(
      {"preload", "", "use the preload library alone", [&](const auto&) { choose(request.wish, Wish::preload); }});
  flags.push_back({"supervise", "",
                   "use a supervisor alone: reaches static and Go programs too, and all that "
                   "COMMAND starts in the same network namespace and cgroup, whatever the environment",
                   [&](const auto&) { choose(request.wish, Wish::supervise); }});
  flags.push_back(
      {"verbose", "", "a line on standard error for each decision", [&](const auto&) { request.given.debug = true; }});
  flags.push_back(
      {"anyway", "", "run COMMAND even if keepalive cannot be given", [&](const auto&) { request.anyway = true; }});
  request.command = parse(arguments, flags, Operands::end_flags);
  if (request.command.empty()) throw Error(status_usage, "missing command; see keepalive run --help");
  return request;
}

// Refuses invalid values in the environment too. The library would only report them, and the program would run.
void check_environment(const SettingsAndProblems& read) {
  if (read.problem_count == 0) return;
  Line line;
  line.add("the environment has ");
  describe_cause(read.problems[0], ", which is ", line);
  throw Error(status_usage, std::string(line.text()));
}

// Said without a terminal too: such a value ends connections.
void warn_of_short_timeout(const char* value) {
  if (value == nullptr) return;
  Line line;
  describe_short_timeout(value, line);
  say(std::string(line.text()));
}

// A plain number: another program's variable has the same name (gunicorn).
void note_unused_mode(const std::string& mode, bool is_off, bool force, const Notes& notes) {
  if (is_off) notes.add(std::string(mode_variable) + "=off in the environment is not used: run turns keepalive on");
  if (mode.empty()) return;
  notes.add(std::string(mode_variable) + "=" + mode + " in the environment is " +
            (force ? "replaced by --force" : "not used: another program's variable"));
}

Situation make_situation(const Request& request, const std::string& path, std::string& library) {
  Situation situation;
  situation.wish = request.wish;
  situation.command = request.command[0];
  situation.program = inspect(path, request.command);
  situation.is_root = geteuid() == 0;
  situation.has_systemd = is_systemd_running();
  situation.can_filter_without_loss = can_filter_without_loss();
  situation.can_read_programs = can_read_programs();
  situation.preloads_library = preloads_library();
  if (request.wish == Wish::supervise) return situation;
  try {
    library = find_library();
  } catch (const Error& error) {
    situation.library_problem = error.what();
  }
  return situation;
}

constexpr char anyway_hint[] = " (--anyway runs it without keepalive)";
constexpr char anyway_done[] = "; running it without keepalive";

bool gives_values(const Request& request) {
  return request.given.mode == Mode::force || request.given.values != Settings().values;
}

const char* alternative_to_supervisor(const Situation& situation, bool is_required) {
  if (!is_required) return "";
  return situation.wish == Wish::supervise && takes_library(situation.program.kind)
             ? "; use --preload"
             : "; keepalive attach, or keepalive set while it runs, may help";
}

/// Starts the supervisor of this way, if it has one. Returns whether there is a supervisor.
bool start_supervisor_of(const Way& way, const Situation& situation, const Settings& settings, const Request& request,
                         const Notes& notes) {
  if (way.supervisor == Supervisor::none) return false;
  const bool is_required = way.supervisor == Supervisor::required;
  try {
    if (start_supervisor(settings, printable(std::string(base_name(request.command[0]))), settings.debug,
                         alternative_to_supervisor(situation, is_required)) == Start::already_supervised) {
      const std::string text =
          std::string("an outer 'keepalive run' has started a supervisor, and its values are used ") +
          (is_required && !preloads_library() ? "here" : "where the library does not reach") +
          (situation.program.makes_socketcalls ? " (not for a 32-bit program of another user)" : "") +
          "; give the values to the outer one";
      if (is_required && gives_values(request)) {
        say(text);
      } else {
        notes.add(text);
      }
    }
    return true;
  } catch (const SupervisorLost&) {
    throw;
  } catch (const Error& error) {
    if (!is_required) {
      const std::string text = error.what() + std::string("; so ") + describe_unfollowed(situation.command);
      notes.add_or_log(text);
    } else if (!request.anyway) {
      throw Error(status_cannot_run, error.what() + std::string(anyway_hint));
    } else {
      say(error.what() + std::string(anyway_done));
    }
    return false;
  }
}

int run(const Arguments& arguments) {
  const Request request = parse_request(arguments);
  const Arguments environment_before = environment();
  remove_duplicates();
  const SettingsAndProblems before = read_settings(variable);
  const std::string foreign_mode = before.unused_mode != nullptr ? before.unused_mode : "";
  set_given(request.given);
  const SettingsAndProblems read = read_settings(variable);
  check_environment(read);
  warn_of_short_timeout(read.short_timeout);
  const bool verbose = read.settings.debug;
  const Notes notes(verbose);
  note_unused_mode(foreign_mode, before.settings.mode == Mode::off, request.given.mode == Mode::force, notes);

  const std::string path = find_executable(request.command[0]);
  std::string library;
  const int shortage = try_descriptors(5);  // a supervisor needs 0 to 2 and five more
  const Situation situation = make_situation(request, path, library);
  const Way way = shortage == 0 ? choose_way(situation) : Way{.refusal = describe_error(shortage)};
  if (!way.refusal.empty()) {
    if (!request.anyway) throw Error(status_cannot_run, way.refusal + anyway_hint);
    say(way.refusal + anyway_done);
  } else {
    if (verbose) say(describe_way(way, situation.program));
    if (situation.program.kind == Kind::unknown && !way.unfollowed.empty()) {
      say(way.unfollowed);  // the program itself is in doubt, not what it may start
    } else {
      notes.add_or_log(situation.program.elsewhere.empty() ? way.unfollowed : situation.program.elsewhere);
    }
    notes.add(describe_missing_values(read.settings, "the system's values are used"));
  }
  const bool is_supervised = start_supervisor_of(way, situation, read.settings, request, notes);
  if (way.library) add_to_preload(library);
  set_supervised_variable(is_supervised && way.library, read.settings.mode, library);
  // With --supervise alone the program's environment stays as it is. But a library of ours in it reads the values
  // there.
  const bool keeps_environment = request.wish == Wish::supervise && !preloads_library();
  const Program program{path, request.command, keeps_environment ? environment_before : environment()};
  throw_execute_error(program, execute(program));
}

}  // namespace

const Subcommand run_subcommand{
    "run", "[OPTION...] [--] COMMAND [ARGUMENT...]", "run a program with keepalive", description, help_notes, run};

}  // namespace keepalive::command
