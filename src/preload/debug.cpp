#include "debug.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "keepalive/report.h"
#include "standard_error.h"

namespace keepalive::preload {
namespace {

Line& start(Line& line) {
  return line.add("libkeepalive[").add(syscall(SYS_getpid)).add("]: ");  // syscall: musl and glibc alike, no cache
}

Line& start(Line& line, const char* call, int fd) {
  return start(line).add(call).add(": descriptor ").add(fd).add(": ");
}

// What descriptor 2 was when the library was loaded. Debugging only, hence apart from the state.
constinit File file_at_load;

void write(Line& line) {
  if (standard_error_file() == file_at_load) write_to_standard_error(line.finish());
}

}  // namespace

void report_loaded(const Settings& settings) {
  file_at_load = standard_error_file();
  Line line;
  start(line).add("loaded: ").add(name_of(settings.mode));
  if (settings.mode != Mode::off) describe(settings, nullptr, line.add(": "));
  write(line);
}

void report_applied(const char* call, int fd, const Settings& settings, const Refusals& refusals) {
  Line line;
  describe(settings, &refusals, start(line, call, fd));
  write(line);
}

void report_not_tcp(const char* call, int fd) {
  Line line;
  start(line, call, fd).add("not a TCP socket, untouched");
  write(line);
}

void report_left_on(const char* call, int fd) {
  Line line;
  start(line, call, fd).add("keepalive is on already, left as it is");
  write(line);
}

void report_kept(const char* call, int fd, int level, int name) {
  Line line;
  start(line, call, fd).add("the program's change of ");
  const std::size_t index = option_index(name);
  line.add(level == IPPROTO_TCP && index < options.size() ? options[index].name : "SO_KEEPALIVE");
  line.add(" has no effect (force)");
  write(line);
}

}  // namespace keepalive::preload
