#include "preload/state.h"

#include <cstdlib>

#include "keepalive/standard_error.h"
#include "keepalive/wording.h"
#include "preload/inherited.h"
#include "preload/relro.h"
#include "preload/report.h"

namespace keepalive::preload {

KEEPALIVE_RELRO constinit Loaded loaded;

namespace {

SettingsAndProblems read_environment() {
  // secure_getenv: a setuid program takes nothing from its caller's environment.
  return read_settings([](const char* name) -> const char* { return secure_getenv(name); });
}

[[gnu::constructor]] void on_load() {
  const SettingsAndProblems read = read_environment();
  for (std::size_t i = 0; i < read.problem_count; ++i) {
    Line line;
    describe_problem(read.problems[i], line);
    write_to_standard_error(line.finish());
  }
  State state{read.settings, find_next(), {}};
  if (read.settings.debug) {
    state.standard_error = file_status(standard_error);
    if (read.unused_mode != nullptr) report_unused_mode(read.unused_mode, state);
    report_loaded(state);
  }
  consider_standard_input(state);
  // Where it cannot be stored (a sandbox that refuses mprotect), each call makes it anew.
  const WritableRelro writable(&loaded, sizeof loaded);
  if (!writable) return;
  loaded.memory = state;
  loaded.state.store(&loaded.memory, std::memory_order_release);
}

}  // namespace

State make_state() {
  State state{read_environment().settings, find_next(), {}};
  state.settings.debug = false;
  return state;
}

}  // namespace keepalive::preload
