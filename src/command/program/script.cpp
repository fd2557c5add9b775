#include "command/program/script.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "command/cli/error.h"
#include "command/program/elf.h"
#include "command/program/file.h"
#include "command/program/find_executable.h"
#include "command/program/launcher.h"
#include "command/program/systemd.h"

namespace keepalive::command {
namespace {

constexpr std::string_view blanks = " \t";

// Splits the text into words as `env -S` does. Escapes are not understood, because the name of a program needs none.
Arguments split_string(const std::string& text) {
  Arguments words;
  char quote = '\0';
  bool inside = false;
  for (const char c : text) {
    if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n')) {
      inside = false;
    } else {
      if (!inside) words.emplace_back();
      inside = true;
      if (quote == '\0' && (c == '\'' || c == '"')) {
        quote = c;
      } else if (c == quote) {
        quote = '\0';
      } else {
        words.back() += c;
      }
    }
  }
  return words;
}

/// The arguments of env(1), read from left to right.
class EnvReader {
 public:
  explicit EnvReader(Arguments words) : words_(std::move(words)) {}

  EnvCommand read() {
    while (known_ && next_ < words_.size()) {
      const std::string word = words_[next_++];
      if (word == "--") break;
      if (word == "-") {
        drops_ = true;
      } else if (word.starts_with("--")) {
        read_long(word.substr(2));
      } else if (word.starts_with("-")) {
        read_short(word.substr(1));
      } else {
        --next_;
        break;
      }
    }
    while (next_ < words_.size() && words_[next_].find('=') != std::string::npos) {
      const std::string& variable = words_[next_++];
      if (variable.starts_with("LD_PRELOAD=")) drops_ = true;
      if (variable.starts_with("PATH=")) keeps_path_ = false;
    }
    Arguments program(words_.begin() + static_cast<std::ptrdiff_t>(next_), words_.end());
    const bool is_searched_for = !program.empty() && program[0].find('/') == std::string::npos;
    const bool is_relative = !program.empty() && !is_searched_for && program[0][0] != '/';
    if (!known_ || (is_searched_for && !keeps_path_) || (is_relative && changes_folder_)) program.clear();
    return {std::move(program), drops_};
  }

 private:
  void unset(const std::string& variable) {
    if (variable == "LD_PRELOAD") drops_ = true;
    if (variable == "PATH") keeps_path_ = false;
  }

  // The words of the text are read next, in place of the option.
  void split(const std::string& text) {
    const Arguments words = split_string(text);
    words_.insert(words_.begin() + static_cast<std::ptrdiff_t>(next_), words.begin(), words.end());
  }

  std::string argument() { return next_ < words_.size() ? words_[next_++] : ""; }

  void read_long(const std::string& option) {
    const std::size_t equals = option.find('=');
    const std::string name = option.substr(0, equals);
    const auto value = [&] { return equals != std::string::npos ? option.substr(equals + 1) : argument(); };
    if (name == "ignore-environment") {
      drops_ = true;
    } else if (name == "unset") {
      unset(value());
    } else if (name == "split-string") {
      split(value());
    } else if (name == "chdir") {
      value();
      changes_folder_ = true;
    } else if (name == "argv0") {
      value();
    } else {
      constexpr std::array<std::string_view, 5> harmless{"debug", "block-signal", "default-signal", "ignore-signal",
                                                         "list-signal-handling"};
      known_ = std::find(harmless.begin(), harmless.end(), name) != harmless.end();
    }
  }

  void read_short(const std::string& letters) {
    for (std::size_t i = 0; i < letters.size() && known_; ++i) {
      const auto value = [&] { return i + 1 < letters.size() ? letters.substr(i + 1) : argument(); };
      switch (letters[i]) {
        case 'i':
          drops_ = true;
          break;
        case 'v':
          break;
        case 'C':
          value();
          changes_folder_ = true;
          return;
        case 'a':
          value();
          return;
        case 'u':
          unset(value());
          return;
        case 'S':
          split(value());
          return;
        default:
          known_ = false;
      }
    }
  }

  Arguments words_;
  std::size_t next_ = 1;
  bool drops_ = false;
  bool known_ = true;
  bool keeps_path_ = true;
  bool changes_folder_ = false;
};

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

}  // namespace

EnvCommand parse_env(const Arguments& arguments) { return EnvReader(arguments).read(); }

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
