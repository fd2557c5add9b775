#include "command/program/notes.h"

#include <sys/stat.h>
#include <unistd.h>

#include "command/cli/output.h"
#include "command/cli/system_log.h"
#include "command/program/environment.h"
#include "keepalive/standard_error.h"

namespace keepalive::command {
namespace {

// Whether standard error is the journal: systemd.exec(5), JOURNAL_STREAM.
bool writes_to_journal() {
  const char* const stream = variable("JOURNAL_STREAM");
  struct stat file {};
  return stream != nullptr && fstat(STDERR_FILENO, &file) == 0 &&
         std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino) == stream;
}

}  // namespace

void say(const std::string& text) {
  const std::string line = "keepalive run: " + text;
  leads_to_client(STDERR_FILENO) ? log_own_line(line) : write_to_standard_error(line + "\n");
}

Notes::Notes(bool verbose) : shown_(verbose || isatty(STDERR_FILENO) == 1 || writes_to_journal()) {}

void Notes::add(const std::string& text) const {
  if (shown_ && !text.empty()) say(text);
}

void Notes::add_or_log(const std::string& text) const {
  add(text);
  if (!shown_ && !text.empty()) log_own_line("keepalive run: " + text);
}

}  // namespace keepalive::command
