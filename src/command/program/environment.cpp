#include "command/program/environment.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "command/cli/error.h"
#include "keepalive/supervision.h"
#include "keepalive/wording.h"

namespace keepalive::command {
namespace {

constexpr char preload_variable[] = "LD_PRELOAD";

std::vector<std::string> values_of(const std::string& name) {
  std::vector<std::string> values;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.size() > name.size() && text.substr(0, name.size()) == name && text[name.size()] == '=') {
      values.emplace_back(text.substr(name.size() + 1));
    }
  }
  return values;
}

}  // namespace

Arguments environment() {
  Arguments variables;
  for (char** entry = environ; *entry != nullptr; ++entry) variables.emplace_back(*entry);
  return variables;
}

const char* variable(const char* name) { return std::getenv(name); }

void set_variable(const char* name, const std::string& value) {
  remove_variable(name);  // setenv(3) alone would replace the first one and leave the others
  if (setenv(name, value.c_str(), 1) != 0) throw Error(status_cannot_run, "no memory for the environment");
}

void remove_variable(const char* name) { unsetenv(name); }

void remove_duplicates() {
  std::vector<const char*> names{mode_variable, debug_variable};
  for (const Option& option : options) names.push_back(option.variable);
  for (const char* const name : names) {
    const std::vector<std::string> values = values_of(name);
    if (values.size() > 1) set_variable(name, values.front());
  }
  const std::vector<std::string> values = values_of(preload_variable);
  if (values.size() > 1) set_variable(preload_variable, values.back());
}

bool preloads_library() {
  const char* const present = variable(preload_variable);
  return present != nullptr && std::string_view(present).find("libkeepalive.so") != std::string_view::npos;
}

void add_to_preload(const std::string& library) {
  const char* const present = variable(preload_variable);
  const std::string others = present != nullptr ? present : "";
  for (std::size_t begin = 0; begin < others.size();) {
    const std::size_t end = std::min(others.find_first_of(" :", begin), others.size());
    if (others.compare(begin, end - begin, library) == 0) return;
    begin = end + 1;
  }
  set_variable(preload_variable, others.empty() ? library : library + ":" + others);
}

void set_given(const Settings& given) {
  for (std::size_t i = 0; i < options.size(); ++i) {
    const int value = given.values[i];
    if (value == 0) continue;
    const bool is_short_timeout = options[i].number == TCP_USER_TIMEOUT && value < 1000;
    set_variable(options[i].variable,
                 value == automatic_value ? "auto" : std::to_string(value) + (is_short_timeout ? "ms" : ""));
  }
  if (given.debug) set_variable(debug_variable, "1");
  if (given.mode == Mode::force) set_variable(mode_variable, mode_name(Mode::force));
  // KEEPALIVE=off in the environment does not count: the user asked for keepalive by running this command.
  if (read_settings(variable).settings.mode == Mode::off) set_variable(mode_variable, mode_name(Mode::on));
}

// The library marks its calls for a supervisor of an outer `keepalive run` too. It must not if there is another preload
// library: the marked call is a system call, which that library's socket() would not see.
void set_supervised_variable(bool is_supervised, Mode mode, const std::string& library) {
  constexpr int filtered = 2;  // SECCOMP_MODE_FILTER
  const char* const preload = variable(preload_variable);
  const bool may_mark = preload != nullptr && preload == library;
  if (may_mark && is_supervised) {
    set_variable(supervised_variable, mode == Mode::force ? mode_name(mode) : "1");
  } else if (!may_mark || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != filtered) {
    remove_variable(supervised_variable);
  }
}

}  // namespace keepalive::command
