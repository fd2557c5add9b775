#include "command/program/way.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "command/cli/printable.h"
#include "command/program/file.h"
#include "command/program/launcher.h"

namespace keepalive::command {
namespace {

constexpr char supervisor_price[] = ", but takes the rights of setuid programs away";

// Whether the environment may name the library although this program does not load it. The library is then for the
// programs that this one starts. Not if the program is for another machine: its loader would complain about the
// library. Not with AddressSanitizer: it would end the program.
bool may_preload_for_children(const Inspection& program) {
  if (program.kind == Kind::address_sanitizer) return false;
  return program.kind != Kind::other_machine || !program.names_loader;
}

// How to give keepalive to what a launcher starts: as the program, with the arguments of its own.
std::string how_to_put_behind(const std::string& launcher, const Situation& situation) {
  if (launcher == "pg_ctlcluster" || launcher == "service") {
    return situation.has_systemd ? "use keepalive attach NAME.service"
                                 : "start it as root (sudo keepalive run ... " + launcher + " ...)";
  }
  if (launcher == "newgrp") return "use keepalive run in the shell that it starts";
  const bool takes_text = launcher == "su" || launcher == "runuser" || launcher == "sg";
  return "put keepalive behind it: " + launcher +
         (takes_text ? " ... -c 'keepalive run ... COMMAND'" : " ... keepalive run ... COMMAND");
}

// How to run a setuid program with keepalive. sudo(8) and the like start other programs, and those are what counts.
std::string how_to_start_as_root(const Situation& situation) {
  if (!situation.program.elsewhere.empty()) return situation.program.elsewhere;
  const std::string name(base_name(situation.program.file));
  constexpr std::array<std::string_view, 10> switchers{"sudo", "doas",   "pkexec",    "su",       "runuser",
                                                       "sg",   "newgrp", "ssh-agent", "firejail", "bwrap"};
  if (std::find(switchers.begin(), switchers.end(), name) != switchers.end()) return how_to_put_behind(name, situation);
  const bool is_behind_launcher = base_name(situation.command) != name;
  return "start it as root (sudo keepalive run ... " + situation.command +
         (is_behind_launcher ? " ... " + situation.program.file : "") +
         "), or reach all that this shell starts (sudo keepalive attach ... $$)";
}

// The loader ignores LD_PRELOAD, so only a supervisor remains.
Way choose_for_privileged(const Situation& situation) {
  Way way;
  const bool may_supervise = situation.can_filter_without_loss;
  if (may_supervise && situation.wish != Wish::preload) {
    way.supervisor = Supervisor::required;
    return way;
  }
  way.refusal = quoted(situation.program.file) + " is " + situation.program.privileges + ": ";
  if (may_supervise) {
    way.refusal += "the loader ignores LD_PRELOAD for it; --supervise reaches it";
  } else {
    way.refusal += "the loader ignores LD_PRELOAD for it, and a supervisor would take its rights away; ";
    way.refusal += situation.is_root ? "run keepalive with CAP_SYS_ADMIN" : how_to_start_as_root(situation);
  }
  return way;
}

// Such a program makes its sockets by socketcall(2), whose arguments the supervisor has to read from its memory.
Way supervise_if_read(const Situation& situation) {
  Way way;
  way.supervisor = Supervisor::required;
  const bool takes_library = situation.program.names_loader;
  if (!situation.program.makes_socketcalls || (takes_library && situation.preloads_library)) return way;
  const std::string program = quoted(situation.program.file) + " is " + situation.program.detail + ": ";
  const std::string help =
      takes_library ? "; preload the library of its word size: LD_PRELOAD='/usr/$LIB/libkeepalive.so' keepalive run ..."
                    : "; use keepalive attach";
  if (!situation.can_read_programs) {
    way.supervisor = Supervisor::none;
    way.refusal =
        program + "kernel.yama.ptrace_scope forbids the supervisor to read the arguments of its socket calls" + help;
  } else if (situation.is_root) {
    way.unfollowed = program + "if it changes its user, its sockets get no keepalive then" + help;
  }
  return way;
}

Way refuse_preload(const Inspection& program) {
  const bool has_sanitizer = program.kind == Kind::address_sanitizer;
  return {.refusal = quoted(program.file) + " is " + program.detail + ": " +
                     (has_sanitizer ? "it ends if a library is preloaded" : "no library can be preloaded") +
                     "; --supervise reaches it"};
}

Way choose_for_unreached(const Situation& situation) {
  Way way = situation.wish != Wish::preload ? supervise_if_read(situation) : refuse_preload(situation.program);
  way.library = may_preload_for_children(situation.program) && situation.library_problem.empty();
  return way;
}

// The library cannot follow, so there is a supervisor, or a refusal.
Way choose_for_dropped_environment(const Situation& situation) {
  Way way;
  way.library = true;
  if (situation.can_filter_without_loss && situation.wish == Wish::none) {
    way.supervisor = Supervisor::required;
    return way;
  }
  const std::string& launcher = situation.program.environment_dropped_by;
  way.refusal =
      quoted(launcher) +
      (replaces_preload({launcher}) ? " sets LD_PRELOAD itself, so the library has no effect in what it starts; "
                                    : " does not pass LD_PRELOAD on, so the library does not reach what it starts; ") +
      how_to_put_behind(launcher, situation) + "; --supervise reaches it";
  if (!situation.can_filter_without_loss) way.refusal += supervisor_price;
  return way;
}

// The program is no child of this process, so nothing gets there.
Way refuse_systemd(const std::string& launcher, const Situation& situation) {
  Way way;
  way.refusal = quoted(launcher) + " has systemd start the program, so it gets no keepalive; ";
  way.refusal +=
      launcher == "systemd-run" ? how_to_put_behind(launcher, situation) : "use keepalive attach NAME.service";
  return way;
}

// The supervisor cannot follow there, and the library may.
std::string describe_session(const std::string& launcher) {
  return quoted(launcher) + " opens a login session, whose cgroup a supervisor does not reach; ";
}

}  // namespace

bool takes_library(Kind kind) { return kind == Kind::makes_sockets || kind == Kind::launcher || kind == Kind::unknown; }

std::string describe_unfollowed(const std::string& command) {
  return quoted(command) +
         " and what it starts get keepalive, except static, setuid and 32-bit programs and those with an environment "
         "of their own";
}

Way choose_way(const Situation& situation) {
  const Inspection& program = situation.program;
  if (!program.starts_by_systemd.empty()) return refuse_systemd(program.starts_by_systemd, situation);
  const bool library_follows = program.environment_dropped_by.empty() && situation.wish != Wish::supervise;
  if (!program.session_opened_by.empty() && !library_follows) {
    return {.refusal =
                describe_session(program.session_opened_by) + how_to_put_behind(program.session_opened_by, situation)};
  }
  if (!program.privileges.empty()) return choose_for_privileged(situation);
  if (situation.wish == Wish::supervise) return supervise_if_read(situation);
  if (!takes_library(program.kind)) return choose_for_unreached(situation);
  if (!situation.library_problem.empty())
    return {.refusal = situation.library_problem + "; --supervise needs no library"};
  if (!program.environment_dropped_by.empty()) return choose_for_dropped_environment(situation);
  Way way;
  way.library = true;
  if (program.kind == Kind::unknown && !program.detail.empty()) {
    way.unfollowed =
        quoted(program.file) + " is " + program.detail + ", so it is unknown whether the library reaches it";
    if (situation.wish == Wish::none) way.unfollowed += "; --supervise does";
  }
  if (program.kind == Kind::launcher) {
    if (situation.can_filter_without_loss && situation.wish == Wish::none) {
      way.supervisor = Supervisor::if_possible;
    } else if (!program.starts_none) {
      way.unfollowed = describe_unfollowed(situation.command) + "; --supervise reaches those";
      if (!situation.can_filter_without_loss) way.unfollowed += supervisor_price;
    }
  }
  if (!program.session_opened_by.empty()) {
    way.unfollowed = describe_session(program.session_opened_by) + describe_unfollowed(program.session_opened_by) +
                     "; " + how_to_put_behind(program.session_opened_by, situation);
  }
  return way;
}

std::string describe_way(const Way& way, const Inspection& program) {
  std::string text = "using ";
  if (way.library) text += "the preload library";
  if (way.supervisor != Supervisor::none) text += way.library ? " and a supervisor" : "a supervisor";
  std::string reason = program.privileges.empty() ? program.detail : program.privileges;
  if (reason.empty() && way.supervisor == Supervisor::none) reason = "dynamically linked";
  if (!reason.empty()) text += " (" + quoted(program.file) + " is " + reason + ")";
  const bool may_start_others = program.kind == Kind::makes_sockets && !program.starts_none;
  if (may_start_others && way.supervisor == Supervisor::none) {
    text +=
        "; static, setuid and 32-bit programs that it starts, and those with an environment of their own, get no "
        "keepalive";
  }
  return text;
}

}  // namespace keepalive::command
