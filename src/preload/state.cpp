#include "state.h"

#include <cstdlib>

#include "debug.h"
#include "keepalive/report.h"
#include "standard_error.h"

namespace keepalive::preload {

constinit std::atomic<const State*> loaded_state{nullptr};

namespace {

constinit State the_state{};

SettingsAndProblems read_environment() {
  // secure_getenv: a setuid program takes nothing from its caller's environment.
  return read_settings([](const char* name) -> const char* { return secure_getenv(name); });
}

[[gnu::constructor]] void on_load() {
  const SettingsAndProblems read = read_environment();
  for (std::size_t i = 0; i < read.problem_count; ++i) {
    Line line;
    describe(read.problems[i], line);
    write_to_standard_error(line.finish());
  }
  if (read.settings.debug) report_loaded(read.settings);
  the_state = State{read.settings, find_next()};
  loaded_state.store(&the_state, std::memory_order_release);
}

}  // namespace

State make_state() { return State{read_environment().settings, find_next()}; }

}  // namespace keepalive::preload
