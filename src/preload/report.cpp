#include "preload/report.h"

#include <cerrno>

#include "keepalive/apply.h"
#include "keepalive/standard_error.h"
#include "keepalive/system_call.h"
#include "keepalive/tcp.h"
#include "keepalive/wording.h"

namespace keepalive::preload {
namespace {

constexpr char force_keeps[] = " (KEEPALIVE=force, or run --force, keeps ";

Line& start(Line& line) { return line.add("libkeepalive[").add(system_call(SYS_getpid)).add("]: "); }

Line& start(Line& line, const char* call, int fd) {
  return start(line).add(call).add(": descriptor ").add(fd).add(": ");
}

// The row of the option; options.size() for SO_KEEPALIVE.
std::size_t row_of(int level, int name) { return level == IPPROTO_TCP ? option_index(name) : options.size(); }

void write(Line& line, const State& state) {
  if (file_status(standard_error).is_same_file(state.standard_error)) write_to_standard_error(line.finish());
}

}  // namespace

void report_doubts(const SettingsAndProblems& read, const State& state) {
  const auto report = [&](auto* describe, const char* value) {
    if (value == nullptr) return;
    Line line;
    describe(value, start(line));
    write(line, state);
  };
  report(describe_unused_mode, read.unused_mode);
  report(describe_short_timeout, read.short_timeout);
}

void report_loaded(const State& state) {
  Line line;
  start(line).add("loaded: ").add(mode_name(state.settings.mode));
  if (state.settings.mode != Mode::off) describe_settings(state.settings, nullptr, line.add(": "));
  write(line, state);
}

void report_applied(const char* call, int fd, const Settings& given, const Refusals& refusals, const State& state) {
  Line line;
  describe_settings(given, &refusals, start(line, call, fd));
  write(line, state);
}

void report_not_tcp(const char* call, int fd, const State& state) {
  Line line;
  start(line, call, fd).add("not a TCP socket, untouched");
  write(line, state);
}

void report_left(const char* call, int fd, const State& state) {
  Line line;
  start(line, call, fd).add(has_keepalive(fd) ? "keepalive is on already" : "the program has turned keepalive off");
  line.add(", left as it is (KEEPALIVE=force would change it)");
  write(line, state);
}

void report_kept(const char* call, int fd, int level, int name, const State& state) {
  Line line;
  const std::size_t row = row_of(level, name);
  start(line, call, fd).add("the program's change of ");
  line.add(row < options.size() ? options[row].name : "SO_KEEPALIVE").add(" has no effect (KEEPALIVE=force)");
  write(line, state);
}

void report_own(int fd, int level, int name, const State& state) {
  if (!governs(state.settings, level, name)) return;
  const int saved_errno = errno;
  const std::size_t row = row_of(level, name);
  const int given = row < options.size() ? state.settings.values[row] : 1;
  const int own = int_option(fd, level, name);
  if (own >= 0 && own != given && is_tcp(fd)) {
    Line line;
    start(line, "setsockopt", fd).add("the program ");
    if (row < options.size()) {
      describe_value(options[row], own, line.add("sets ").add(options[row].name).add(" "));
      describe_value(options[row], given, line.add(" itself").add(force_keeps));
    } else {
      line.add("turns keepalive off").add(force_keeps).add("it on");
    }
    write(line.add(")"), state);
  }
  errno = saved_errno;
}

}  // namespace keepalive::preload
