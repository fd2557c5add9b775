#include "command/program/launcher.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "command/program/file.h"

namespace keepalive::command {
namespace {

/// A launcher whose first operand is the program, or the first behind its own operands: `timeout 60 PROGRAM`.
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

// How many words the option takes, itself included; 0 if the launcher does not have it.
std::size_t words_of_option(const SimpleLauncher& launcher, std::string_view option) {
  if (option.starts_with("--")) {
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

// The words behind the options and the own operands. Empty if there are none, or there is an unknown option.
Arguments operands_behind(const SimpleLauncher& launcher, const Arguments& arguments) {
  std::size_t next = 1;
  while (next < arguments.size() && arguments[next].size() > 1 && arguments[next][0] == '-') {
    const std::string& option = arguments[next];
    if (option == "--") {
      ++next;
      break;
    }
    const std::size_t words = words_of_option(launcher, option);
    if (words == 0) return {};
    next += words;
  }
  next += launcher.own_operands;
  if (next >= arguments.size()) return {};
  return {arguments.begin() + static_cast<std::ptrdiff_t>(next), arguments.end()};
}

// The row of the launcher's name.
template <class Rows>
auto row_of(const Rows& rows, const Arguments& arguments) {
  return std::find_if(rows.begin(), rows.end(),
                      [&](const auto& row) { return !arguments.empty() && row.name == base_name(arguments[0]); });
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

/// A launcher whose program runs elsewhere, where keepalive does not follow.
struct RemoteLauncher {
  std::string_view name;
  std::string_view where;
};

constexpr std::string_view in_container = "in a container";
constexpr std::string_view on_other_machine = "on another machine";
constexpr std::string_view in_other_network = "in another network namespace";
constexpr std::string_view in_other_cgroup = "in another cgroup";
constexpr std::string_view later = "later";
constexpr std::string_view by_own_server = "through a server that runs already";

constexpr std::array<RemoteLauncher, 24> remote_launchers{
    RemoteLauncher{"docker", in_container},
    {"docker-compose", in_container},
    {"podman", in_container},
    {"podman-compose", in_container},
    {"nerdctl", in_container},
    {"ctr", in_container},
    {"crictl", in_container},
    {"kubectl", in_container},
    {"oc", in_container},
    {"lxc", in_container},
    {"incus", in_container},
    {"machinectl", in_container},
    {"at", later},
    {"batch", later},
    {"crontab", later},
    {"ssh", on_other_machine},
    {"mosh", on_other_machine},
    {"tmux", by_own_server},
    {"screen", by_own_server},
    {"ip", in_other_network},
    {"nsenter", in_other_network},
    {"unshare", in_other_network},
    {"cgexec", in_other_cgroup},
    {"systemd-run", in_other_cgroup},
};

// What makes a container's client start programs, and not only list or copy.
constexpr std::string_view starting_words =
    " apply compose create debug exec restart rollout run scale shell start tasks up ";

constexpr SimpleLauncher ssh{"ssh", "46AaCfGgKkMNnqsTtVvXxYy", "BbcDEeFIiJLlmOoPpQRSWw", "", "", 1};
constexpr SimpleLauncher sudo{"sudo", "ABbEHknPS", "CDgphRrTtUu", "", ""};

constexpr std::array<SimpleLauncher, 2> namespace_launchers{
    SimpleLauncher{"nsenter", "CFTUZaeimnpru", "GSt", " all no-fork preserve-credentials ", " setgid setuid target "},
    SimpleLauncher{"unshare", "CTUcfimnpru", "GRSlw", " fork keep-caps map-current-user map-root-user mount pid user ",
                   " map-group map-user propagation root setgid setgroups setuid wd "},
};

bool names_network(std::string_view option) {
  if (option.starts_with("--")) return option.starts_with("--net") || option == "--all";
  return option.starts_with("-") && option.find_first_of("na") != std::string_view::npos;
}

bool enters_network(const Arguments& arguments) {
  const auto* const launcher = row_of(namespace_launchers, arguments);
  if (launcher == namespace_launchers.end()) {  // ip netns exec
    const auto has = [&](std::string_view word) {
      return std::find(arguments.begin(), arguments.end(), word) != arguments.end();
    };
    return has("netns") && has("exec");
  }
  const auto program = static_cast<std::ptrdiff_t>(operands_behind(*launcher, arguments).size());
  return std::any_of(arguments.begin(), arguments.end() - program, names_network);
}

bool starts_program(const RemoteLauncher& launcher, const Arguments& arguments) {
  if (launcher.where == in_container) {
    return std::any_of(arguments.begin(), arguments.end(),
                       [](const auto& word) { return holds_word(starting_words, word); });
  }
  if (launcher.where == in_other_network) return enters_network(arguments);
  return launcher.name != ssh.name || !operands_behind(ssh, arguments).empty();
}

}  // namespace

bool holds_word(std::string_view words, std::string_view word) {
  return words.find(std::string(1, ' ').append(word).append(1, ' ')) != std::string_view::npos;
}

Arguments launched_by(const Arguments& arguments) {
  const auto* const launcher = row_of(simple_launchers, arguments);
  return launcher != simple_launchers.end() ? operands_behind(*launcher, arguments) : Arguments();
}

Arguments launched_by_sudo(const Arguments& arguments) {
  const bool is_sudo = !arguments.empty() && base_name(arguments[0]) == sudo.name;
  return is_sudo ? operands_behind(sudo, arguments) : Arguments();
}

bool drops_environment(const Arguments& arguments) {
  if (arguments.empty()) return false;
  if (is_service(arguments[0])) return true;
  const auto* const row = row_of(droppers, arguments);
  if (row == droppers.end()) return false;
  const auto holds = [&](std::string_view option) { return holds_option(arguments, option); };
  if (std::any_of(row->unless.begin(), row->unless.end(), holds)) return false;
  return row->options[0].empty() || std::any_of(row->options.begin(), row->options.end(), holds);
}

bool replaces_preload(const Arguments& arguments) {
  return !arguments.empty() &&
         std::find(replacers.begin(), replacers.end(), base_name(arguments[0])) != replacers.end();
}

std::string describe_elsewhere(const Arguments& arguments) {
  const auto* const row = row_of(remote_launchers, arguments);
  if (row == remote_launchers.end() || !starts_program(*row, arguments)) return "";
  const std::string name(row->name);
  const std::string text =
      "programs that '" + name + "' starts " + std::string(row->where) +
      (row->where == in_other_network || row->where == in_other_cgroup ? " are not reached by a supervisor; "
                                                                       : " get no keepalive; ");
  if (row->where == in_container)
    return text + "use keepalive attach with a PID of the container, or put the library into its image";
  if (row->where == later) return text + "write it into the job: keepalive run ... COMMAND";
  return text + "put keepalive behind it: " + name + " ... keepalive run ... COMMAND";
}

bool holds_option(const Arguments& arguments, std::string_view option) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  return !option.empty() && std::find(arguments.begin(), end, option) != end;
}

bool is_service(std::string_view path) { return path.ends_with("/sbin/service"); }

}  // namespace keepalive::command
