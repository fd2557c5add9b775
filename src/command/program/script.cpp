#include "command/program/script.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "command/cli/error.h"
#include "command/cli/printable.h"
#include "command/program/elf.h"
#include "command/program/env_command.h"
#include "command/program/file.h"
#include "command/program/find_executable.h"
#include "command/program/launcher.h"
#include "command/program/systemd.h"

namespace keepalive::command {
namespace {

constexpr std::string_view blanks = " \t";

// What the loaded launcher starts, with its arguments. Empty if that is not known.
Arguments follow_launcher(const Arguments& command, LoadedFile& loaded) {
  if (!is_elf(loaded.path)) return {};
  if (base_name(loaded.path) != "env") return launched_by(command);
  EnvCommand env = parse_env(command);
  if (env.drops_environment) loaded.environment_dropped_by = "env";
  return std::move(env.program);
}

std::string find_or_nothing(const std::string& program) {
  try {
    return find_executable(program);
  } catch (const Error&) {
    return "";
  }
}

// What sudo starts, the path of it first. The command itself if it is not sudo, or that is not known.
Arguments behind_sudo(const Arguments& command) {
  Arguments behind = launched_by_sudo(command);
  if (behind.empty()) return command;
  const std::string path = find_or_nothing(behind[0]);
  if (!path.empty()) behind[0] = path;
  return behind;
}

// Whether an interpreter is given a script, as in `python3 -u script.py` or `perl -e TEXT`. It then counts as that
// script, because what the script starts needs keepalive too.
bool is_given_script(const std::string& path, const Arguments& command) {
  constexpr std::array<std::string_view, 10> interpreters{"python", "pypy",   "perl", "ruby",  "php",
                                                          "node",   "nodejs", "lua",  "tclsh", "guile"};
  std::string_view name = base_name(path);
  name = name.substr(0, name.find_last_not_of("0123456789.") + 1);  // python3.11, but not php-fpm8.2
  return command.size() > 1 && std::find(interpreters.begin(), interpreters.end(), name) != interpreters.end();
}

// The text of a shell script, or behind the `-c` of a shell.
std::string shell_text(const std::string& path, const Arguments& command) {
  constexpr std::size_t most = 1 << 16;
  if (!is_elf(path)) return File(path).text(0, most);
  const auto option = std::find(command.begin(), command.end(), "-c");
  return base_name(path).ends_with("sh") && std::distance(option, command.end()) > 1 ? *(option + 1) : "";
}

// A line for what a script has systemd start. Only what its text says can be known.
std::string describe_asking_systemd(const std::string& path, const Arguments& command) {
  if (!is_systemd_running() || !asks_systemd_to_start(shell_text(path, command))) return "";
  return "programs that " + quoted(std::string(base_name(path))) +
         " has systemd start get no keepalive; use keepalive attach NAME.service";
}

}  // namespace

Arguments interpreter_of(const std::string& path) {
  std::string line = File(path).text(0, 256);  // as many bytes as the kernel reads (BINPRM_BUF_SIZE)
  if (line.rfind("#!", 0) != 0) return {};
  line = line.substr(2, line.find_first_of(std::string_view("\n\0", 2), 2) - 2);
  const std::size_t begin = line.find_first_not_of(blanks);
  if (begin == std::string::npos) return {};
  line = line.substr(begin, line.find_last_not_of(blanks) + 1 - begin);
  const std::size_t end = line.find_first_of(blanks);
  if (end == std::string::npos) return {line};
  return {line.substr(0, end), line.substr(line.find_first_not_of(blanks, end))};
}

LoadedFile follow_scripts(const std::string& path, const Arguments& arguments) {
  LoadedFile loaded{path};
  Arguments command = arguments;
  constexpr int deepest = 16;  // the kernel gives up after five scripts, but counts anew after each env
  for (int depth = 0; depth < deepest; ++depth) {
    Arguments with_path = command;
    if (!with_path.empty()) with_path[0] = loaded.path;
    if (drops_environment(with_path) || replaces_preload(with_path))
      loaded.environment_dropped_by = base_name(loaded.path);
    const Arguments behind = behind_sudo(with_path);
    if (is_started_by_systemd(behind)) loaded.starts_by_systemd = base_name(behind[0]);
    if (opens_login_session(behind)) loaded.session_opened_by = base_name(behind[0]);
    if (loaded.elsewhere.empty()) loaded.elsewhere = describe_elsewhere(behind);
    if (loaded.elsewhere.empty()) loaded.elsewhere = describe_asking_systemd(loaded.path, command);
    const Arguments interpreter = interpreter_of(loaded.path);
    if (!interpreter.empty()) {
      command.erase(command.begin(), command.begin() + std::min<std::ptrdiff_t>(1, std::ssize(command)));
      command.insert(command.begin(), loaded.path);
      command.insert(command.begin(), interpreter.begin(), interpreter.end());
      loaded.path = interpreter[0];
      loaded.is_script = true;
      continue;
    }
    const Arguments launched = follow_launcher(command, loaded);
    const std::string program = !launched.empty() ? find_or_nothing(launched[0]) : "";
    if (program.empty()) break;
    command = launched;
    loaded.path = program;
  }
  if (is_given_script(loaded.path, command)) loaded.is_script = true;
  if (File(loaded.path).text(0, 1).empty() || is_elf(loaded.path) || !interpreter_of(loaded.path).empty())
    return loaded;
  loaded.is_script = true;  // execvp(3) and shells run such a file by /bin/sh
  loaded.path = "/bin/sh";
  return loaded;
}

}  // namespace keepalive::command
