#include "preload/state.h"

#include <cstdlib>

#include "keepalive/supervision.h"
#include "keepalive/value.h"
#include "keepalive/wording.h"
#include "preload/relro.h"

namespace keepalive::preload {

KEEPALIVE_RELRO constinit Loaded loaded;

SettingsAndProblems read_environment() {
  // secure_getenv: a setuid program takes nothing from its caller's environment.
  return read_settings([](const char* name) -> const char* { return secure_getenv(name); });
}

bool marks_calls(const Settings& settings) {
  const char* const value = secure_getenv(supervised_variable);
  if (value == nullptr) return false;
  if (equals_ignoring_case(value, mode_name(Mode::force))) return settings.mode != Mode::off;
  return equals_ignoring_case(value, "1");
}

State make_state() {
  const Settings settings = read_environment().settings;
  State state{settings, find_next(marks_calls(settings)), {}};
  state.settings.debug = false;
  return state;
}

}  // namespace keepalive::preload
