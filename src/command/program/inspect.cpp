#include "command/program/inspect.h"

#include <unistd.h>

#include <optional>
#include <string_view>

#include "command/program/file.h"
#include "command/program/launcher.h"
#include "command/program/libraries.h"
#include "command/program/privileges.h"
#include "command/program/script.h"

namespace keepalive::command {
namespace {

// Whether the file is the loader. It looks statically linked, but it can be run as a command: it then loads LD_PRELOAD
// into the program that it is given.
bool is_loader(const std::string& path) {
  const std::string_view name = base_name(path);
  return name.rfind("ld-linux", 0) == 0 || name.rfind("ld-musl", 0) == 0 || name.rfind("ld.so", 0) == 0;
}

// Whether the program serves to start others, although it calls socket(2) or dlopen(3) itself: shells do so for their
// own network files and modules, sudo for its plugins, sshd and inetd for their listeners, the others for netlink, UNIX
// sockets and modules.
bool is_known_launcher(const std::string& path) {
  constexpr std::string_view launchers =
      " atd bash bwrap cron crond csh dbus-launch dbus-run-session doas dropbear firejail fish gdb inetd ip ksh"
      " ksh93 login machinectl make mksh perf pkexec runuser screen sg ssh-agent sshd start-stop-daemon strace"
      " su sudo tcsh tini tmux valgrind watch xinetd yash zsh ";
  return holds_word(launchers, base_name(path));
}

void inspect_elf(const Elf& elf, const Machine& own, Inspection& result) {
  result.names_loader = elf.names_loader;
  if (!elf.machine.fits(own)) {
    result.kind = Kind::other_machine;
    result.makes_socketcalls = elf.machine.number == EM_386;
    result.detail = describe(elf.machine) + ", and the library is " + describe(own);
  } else if (elf.is_go) {
    result.kind = Kind::go;
    result.detail = "a Go program";
  } else if (!elf.names_loader && !is_loader(result.file)) {
    result.kind = Kind::statically_linked;
    result.detail = "statically linked";
  } else if (elf.is_free_pascal) {
    result.kind = Kind::free_pascal;
    result.detail = "a Free Pascal program";
  } else if (elf.symbols.has_address_sanitizer) {
    result.kind = Kind::address_sanitizer;
    result.detail = "built with AddressSanitizer";
  } else if (is_known_launcher(result.file)) {
    result.kind = Kind::launcher;
    result.detail = "a program that starts others";
  } else if (!is_loader(result.file) && !makes_sockets(elf, result.file)) {
    result.kind = Kind::launcher;
    result.detail = "a program that makes no TCP sockets itself";
    result.starts_none = !may_start_programs(elf);
  } else {
    result.kind = Kind::makes_sockets;
    result.starts_none = !may_start_programs(elf);
  }
}

}  // namespace

Inspection inspect(const std::string& path, const Arguments& arguments, const Machine& own) {
  const LoadedFile loaded = follow_scripts(path, arguments);
  Inspection result;
  result.file = loaded.path;
  result.privileges = privileges(loaded.path);
  result.environment_dropped_by = loaded.environment_dropped_by;
  result.starts_by_systemd = loaded.starts_by_systemd;
  result.session_opened_by = loaded.session_opened_by;
  result.elsewhere = loaded.elsewhere;
  if (!File(loaded.path).is_open()) {
    if (access(loaded.path.c_str(), F_OK) == 0) result.detail = "not readable";
    return result;
  }
  const std::optional<Elf> elf = read_elf(loaded.path);
  if (!elf) return result;
  inspect_elf(*elf, own, result);
  const bool takes_library = result.kind == Kind::makes_sockets || result.kind == Kind::launcher;
  if (takes_library && (loaded.is_script || !loaded.environment_dropped_by.empty())) {
    result.kind = Kind::launcher;
    const bool drops_it_itself = base_name(loaded.path) == loaded.environment_dropped_by;
    result.detail = loaded.is_script  ? "the interpreter of a script"
                    : drops_it_itself ? "a program that starts others with an environment of their own"
                                      : "started with an environment of its own";
  }
  return result;
}

}  // namespace keepalive::command
