#include "command/program/systemd.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <vector>

#include "command/program/file.h"
#include "command/program/launcher.h"

namespace keepalive::command {
namespace {

bool is_logind_running() { return access("/run/systemd/seats/", F_OK) == 0; }  // as pam_systemd(8) asks

// Such a script has systemctl(1) start the service, unless systemd has started the script.
bool redirects_to_systemd(const Arguments& arguments) {
  const std::string& path = arguments[0];
  const std::string_view name = base_name(path);
  const auto is_start = [](const std::string& word) { return word == "start" || word == "restart"; };
  const bool may_redirect = getppid() != 1 && std::getenv("SYSTEMCTL_SKIP_REDIRECT") == nullptr;
  if (!may_redirect || std::none_of(arguments.begin(), arguments.end(), is_start)) return false;
  if (name == "pg_ctlcluster") {
    constexpr std::size_t without_options = 4;
    return geteuid() == 0 && arguments.size() == without_options;
  }
  if (name == "apache2ctl" || name == "apachectl" || name == "invoke-rc.d") return true;
  if (!path.starts_with("/etc/init.d/")) return false;
  const std::string script = File(path).text(0, 1 << 16);
  const auto has = [&](std::string_view text) { return script.find(text) != std::string::npos; };
  return has("/init-d-script") || has("/init-functions") || has("/init.d-functions") || has("/init.d/functions");
}

/// A launcher and the names of its files in /etc/pam.d.
struct SessionOpener {
  std::string_view name;
  std::string_view service;
  std::string_view login_service;  ///< with an option that asks for a login shell
};

constexpr std::array session_openers{
    SessionOpener{"su", "su", "su-l"},        SessionOpener{"runuser", "runuser", "runuser-l"},
    SessionOpener{"sudo", "sudo", "sudo-i"},  SessionOpener{"doas", "doas", "doas"},
    SessionOpener{"login", "login", "login"},
};

// What the file of a PAM service says of sessions: whether it names pam_systemd(8), and which other files it includes.
// See pam.conf(5).
bool names_pam_systemd(const std::string& service, std::vector<std::string>& included) {
  std::string text = read_text("/etc/pam.d/" + service);
  if (text.empty()) text = read_text("/usr/lib/pam.d/" + service);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string type;
    std::string control;
    std::string module;
    words >> type >> control;
    if (type == "@include") included.push_back(control);
    if (type != "session" && type != "-session") continue;
    while (words >> module && !module.ends_with(".so")) {  // the control may be several words in brackets
      if (control == "include" || control == "substack") included.push_back(module);
    }
    if (base_name(module) == "pam_systemd.so") return true;
  }
  return false;
}

bool uses_pam_systemd(std::string_view service) {
  constexpr std::size_t most = 32;  // files may include each other
  std::vector<std::string> files{std::string(service)};
  for (std::size_t i = 0; i < files.size() && i < most; ++i) {
    if (names_pam_systemd(std::string(files[i]), files)) return true;
  }
  return false;
}

}  // namespace

bool is_systemd_running() { return access("/run/systemd/system", F_OK) == 0; }

bool is_started_by_systemd(const Arguments& arguments) {
  if (arguments.empty()) return false;
  const std::string_view name = base_name(arguments[0]);
  if (name == "systemctl" || is_service(arguments[0]) || redirects_to_systemd(arguments)) return is_systemd_running();
  return name == "systemd-run" && !holds_option(arguments, "--scope") && is_systemd_running();
}

bool asks_systemd_to_start(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    bool is_asked = false;
    for (std::string word; words >> word;) {
      word = word.substr(0, word.find_last_not_of("\"'`);&|") + 1);
      word = word.substr(std::min(word.find_first_not_of("\"'`(${"), word.size()));
      const std::string_view name = base_name(word);
      if (name == "systemctl" || name == "service") is_asked = true;
      if (is_asked && (name == "start" || name.ends_with("restart"))) return true;
    }
  }
  return false;
}

bool opens_login_session(const Arguments& arguments) {
  if (arguments.empty() || !is_systemd_running() || !is_logind_running()) return false;
  if (is_in_login_session(read_text("/proc/self/cgroup"))) return false;
  for (const SessionOpener& opener : session_openers) {
    if (opener.name != base_name(arguments[0])) continue;
    constexpr std::array<std::string_view, 4> login_options{"-", "-l", "-i", "--login"};
    const bool is_login = std::any_of(login_options.begin(), login_options.end(),
                                      [&](std::string_view option) { return holds_option(arguments, option); });
    return uses_pam_systemd(is_login ? opener.login_service : opener.service);
  }
  return false;
}

bool is_in_login_session(const std::string& cgroups) { return cgroups.find("/user.slice/user-") != std::string::npos; }

}  // namespace keepalive::command
