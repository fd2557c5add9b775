#include "command/program/environment.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "command/cli/error.h"
#include "keepalive/options.h"
#include "keepalive/settings.h"

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

}  // namespace keepalive::command
