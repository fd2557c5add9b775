#include "command/program/launcher.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace keepalive::command {
namespace {

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool begins_with(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

/// A launcher whose program is the first operand, or the one behind some operands of its own.
struct SimpleLauncher {
  std::string_view name;
  std::string_view flags;       ///< short options without an argument
  std::string_view with_value;  ///< short options with one
  std::string_view long_flags;  ///< the same for long options, each between two spaces
  std::string_view long_values;
  std::size_t own_operands = 0;
};

constexpr std::array<SimpleLauncher, 7> simple_launchers{
    SimpleLauncher{"nice", "", "n", "", " adjustment "},
    SimpleLauncher{"nohup", "", "", "", ""},
    SimpleLauncher{"setsid", "cfw", "", " ctty fork wait ", ""},
    SimpleLauncher{"timeout", "v", "ks", " foreground preserve-status verbose ", " kill-after signal ", 1},
    SimpleLauncher{"ionice", "t", "cn", " ignore ", " class classdata "},
    SimpleLauncher{"stdbuf", "", "ioe", "", " input output error "},
    SimpleLauncher{"chrt", "abdfiorRv", "DPT", " all-tasks batch fifo idle other rr verbose ", "", 1},
};

bool holds_word(std::string_view words, std::string_view word) {
  return words.find(std::string(1, ' ').append(word).append(1, ' ')) != std::string_view::npos;
}

// How many words the option takes, itself included; 0 if the launcher does not have it.
std::size_t words_of_option(const SimpleLauncher& launcher, std::string_view option) {
  if (begins_with(option, "--")) {
    const std::size_t equals = option.find('=');
    const std::string_view name = option.substr(2, equals - 2);
    if (holds_word(launcher.long_flags, name)) return equals == std::string_view::npos ? 1 : 0;
    if (holds_word(launcher.long_values, name)) return equals == std::string_view::npos ? 2 : 1;
    return 0;
  }
  for (std::size_t i = 1; i < option.size(); ++i) {
    if (launcher.with_value.find(option[i]) != std::string_view::npos) return i + 1 < option.size() ? 1 : 2;
    if (launcher.flags.find(option[i]) == std::string_view::npos) return 0;
  }
  return 1;
}

struct Dropper {
  std::string_view name;
  std::array<std::string_view, 3> options{};  ///< one of these makes it drop the environment; none: it always does
  std::array<std::string_view, 2> unless{};   ///< behind one of these, options are those of the program
};

// Each puts a library of its own into LD_PRELOAD, in place of ours or before it. Both ways ours has no effect.
constexpr std::array<std::string_view, 4> replacers{"trickle", "mptcpize", "socksify", "torsocks"};

constexpr std::array<Dropper, 7> droppers{
    Dropper{"sudo"},
    Dropper{"doas"},
    Dropper{"pkexec"},
    Dropper{"pg_ctlcluster"},
    Dropper{"su", {"-", "-l", "--login"}},
    Dropper{"runuser", {"-", "-l", "--login"}, {"-u", "--user"}},
    Dropper{"setpriv", {"--reset-env"}},
};

bool holds_option(const Arguments& arguments, std::string_view option) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  return !option.empty() && std::find(arguments.begin(), end, option) != end;
}

// Users call programs of their own "service" too. service(8) is in a folder sbin.
bool is_service(const std::string& path) {
  constexpr std::string_view end = "/sbin/service";
  return path.size() >= end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0;
}

bool is_systemd_running() { return access("/run/systemd/system", F_OK) == 0; }  // sd_booted(3)

}  // namespace

Arguments launched_by(const Arguments& arguments) {
  if (arguments.empty()) return {};
  const auto* const launcher =
      std::find_if(simple_launchers.begin(), simple_launchers.end(),
                   [&](const SimpleLauncher& row) { return row.name == name_of(arguments[0]); });
  if (launcher == simple_launchers.end()) return {};
  std::size_t next = 1;
  while (next < arguments.size() && arguments[next].size() > 1 && arguments[next][0] == '-') {
    const std::string& option = arguments[next];
    if (option == "--") {
      ++next;
      break;
    }
    const std::size_t words = words_of_option(*launcher, option);
    if (words == 0) return {};
    next += words;
  }
  next += launcher->own_operands;
  if (next >= arguments.size()) return {};
  return {arguments.begin() + static_cast<std::ptrdiff_t>(next), arguments.end()};
}

bool drops_environment(const Arguments& arguments) {
  if (arguments.empty()) return false;
  if (is_service(arguments[0])) return true;
  const auto* const row = std::find_if(droppers.begin(), droppers.end(),
                                       [&](const Dropper& dropper) { return dropper.name == name_of(arguments[0]); });
  if (row == droppers.end()) return false;
  const auto holds = [&](std::string_view option) { return holds_option(arguments, option); };
  if (std::any_of(row->unless.begin(), row->unless.end(), holds)) return false;
  return row->options[0].empty() || std::any_of(row->options.begin(), row->options.end(), holds);
}

bool replaces_preload(const Arguments& arguments) {
  return !arguments.empty() && std::find(replacers.begin(), replacers.end(), name_of(arguments[0])) != replacers.end();
}

bool is_started_by_systemd(const Arguments& arguments) {
  if (arguments.empty()) return false;
  const std::string_view name = name_of(arguments[0]);
  if (name == "systemctl" || is_service(arguments[0])) return is_systemd_running();
  return name == "systemd-run" && !holds_option(arguments, "--scope") && is_systemd_running();
}

}  // namespace keepalive::command
