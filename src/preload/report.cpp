#include "preload/report.h"

#include "keepalive/apply.h"
#include "keepalive/standard_error.h"
#include "keepalive/system_call.h"
#include "keepalive/wording.h"

namespace keepalive::preload {
namespace {

Line& start(Line& line) { return line.add("libkeepalive[").add(system_call(SYS_getpid)).add("]: "); }

Line& start(Line& line, const char* call, int fd) {
  return start(line).add(call).add(": descriptor ").add(fd).add(": ");
}

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
  start(line, call, fd).add("the program's change of ");
  const std::size_t index = option_index(name);
  line.add(level == IPPROTO_TCP && index < options.size() ? options[index].name : "SO_KEEPALIVE");
  line.add(" has no effect (KEEPALIVE=force)");
  write(line, state);
}

}  // namespace keepalive::preload
