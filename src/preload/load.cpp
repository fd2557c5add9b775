/// @file
/// What happens when a program starts: the settings are read, and sockets that it was started with get keepalive.
#include <cstdlib>

#include "keepalive/file_status.h"
#include "keepalive/standard_error.h"
#include "keepalive/value.h"
#include "keepalive/wording.h"
#include "preload/relro.h"
#include "preload/report.h"
#include "preload/state.h"
#include "preload/wrappers.h"

namespace keepalive::preload {
namespace {

constexpr int standard_input = 0;
constexpr int first_passed_descriptor = 3;

// The value of a variable that holds a positive number, else 0. Always 0 in a setuid program: it takes nothing from its
// caller.
int number_in(const char* variable) {
  const char* const text = secure_getenv(variable);
  return text != nullptr ? number_of(text) : 0;
}

void give_if_socket(int fd, const State& state) {
  if (file_status(fd).type == S_IFSOCK) give_to_inherited(fd, state);
}

// inetd (`nowait`) starts a program with the connection as standard input. systemd passes connections (`Accept=yes`)
// and listeners from descriptor 3 on, and tells which process they are for (sd_listen_fds(3)). The program makes no
// call for them that the library could interpose. If standard input is no socket, this takes one system call. It is
// none of those that strace's `trace=network` shows.
void give_to_inherited_sockets(const State& state) {
  give_if_socket(standard_input, state);
  const int passed_to = number_in("LISTEN_PID");
  if (passed_to == 0 || passed_to != system_call(SYS_getpid)) return;
  const int count = number_in("LISTEN_FDS");
  for (int fd = first_passed_descriptor; fd - first_passed_descriptor < count; ++fd) {
    if (file_status(fd).type == 0) return;  // closed: LISTEN_FDS is wrong
    give_if_socket(fd, state);
  }
}

[[gnu::constructor]] void on_load() {
  const SettingsAndProblems read = read_environment();
  for (std::size_t i = 0; i < read.problem_count; ++i) {
    Line line;
    describe_problem(read.problems[i], line);
    write_to_standard_error(line.finish());
  }
  State state{read.settings, find_next(marks_calls(read.settings)), {}};
  if (read.settings.debug) {
    state.standard_error = file_status(standard_error);
    report_doubts(read, state);
    report_loaded(state);
  }
  if (read.settings.mode != Mode::off) give_to_inherited_sockets(state);
  // If the state cannot be stored (a sandbox refuses mprotect), each call makes it again.
  const WritableRelro writable(&loaded, sizeof loaded);
  if (!writable) return;
  loaded.memory = state;
  loaded.state.store(&loaded.memory, std::memory_order_release);
}

}  // namespace
}  // namespace keepalive::preload
