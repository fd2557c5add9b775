#include "command/supervisor/report.h"

#include "command/cli/system_log.h"
#include "keepalive/line.h"
#include "keepalive/standard_error.h"
#include "keepalive/wording.h"

namespace keepalive::command {
namespace {

Line start_line(pid_t pid, const char* call) {
  Line line;
  line.add("keepalive[").add(pid).add("]: ").add(call).add(": ");
  return line;
}

Line start_line(pid_t pid, const char* call, int fd) {
  Line line = start_line(pid, call);
  line.add("descriptor ").add(fd).add(": ");
  return line;
}

Line not_given(pid_t thread, const char* obstacle) {
  Line line = start_line(thread, "socket");
  line.add("no keepalive: ").add(obstacle);
  return line;
}

void write_line(Line& line) { write_to_standard_error(line.finish()); }

}  // namespace

void report_given(pid_t thread, const char* call, int fd, const Settings& settings, const Refusals& refusals) {
  Line line = start_line(thread, call, fd);
  describe_settings(settings, &refusals, line);
  write_line(line);
}

void report_left_on(pid_t process, const char* call, int fd) {
  Line line = start_line(process, call, fd);
  line.add("keepalive is on already, left as it is (--force would change it)");
  write_line(line);
}

void report_not_given(pid_t thread, const char* obstacle) {
  Line line = not_given(thread, obstacle);
  write_line(line);
}

void log_not_given(pid_t thread, const char* obstacle) { write_to_system_log(not_given(thread, obstacle).text()); }

void report_kept(pid_t thread) {
  Line line = start_line(thread, "setsockopt");
  line.add("the program's change has no effect (--force)");
  write_line(line);
}

}  // namespace keepalive::command
