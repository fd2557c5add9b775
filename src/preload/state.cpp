#include "preload/state.h"

#include <cstdlib>

#include "keepalive/supervision.h"
#include "preload/relro.h"

namespace keepalive::preload {

KEEPALIVE_RELRO constinit Loaded loaded;

SettingsAndProblems read_environment() {
  // secure_getenv: a setuid program takes nothing from its caller's environment.
  return read_settings([](const char* name) -> const char* { return secure_getenv(name); });
}

bool is_supervised() {
  const char* const value = secure_getenv(supervised_variable);
  return value != nullptr && value[0] == '1' && value[1] == '\0';
}

State make_state() {
  State state{read_environment().settings, find_next(is_supervised()), {}};
  state.settings.debug = false;
  return state;
}

}  // namespace keepalive::preload
