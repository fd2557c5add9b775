#include "command/cli/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "command/cli/error.h"
#include "command/cli/system_log.h"
#include "keepalive/file_status.h"

namespace keepalive::command {

bool leads_to_client(int fd) {
  const FileStatus status = file_status(fd);
  return status.type == S_IFSOCK && status.is_same_file(file_status(STDIN_FILENO));
}

void print(const std::string& text, const std::string& done) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written)
    throw Error(status_partly, std::string("standard output cannot be written: ") + std::strerror(errno) + done);
}

void print_unless_to_client(const std::string& text, const std::string& done) {
  if (!leads_to_client(STDOUT_FILENO)) print(text, done);
}

void print_error(const std::string& line) {
  if (leads_to_client(STDERR_FILENO)) {
    log_own_line(line);
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

void say(const std::string& subcommand, const std::string& text) {
  print_error("keepalive " + subcommand + ": " + text);
}

void advise(const std::string& subcommand, const std::string& text) {
  if (!text.empty() && isatty(STDERR_FILENO) == 1) say(subcommand, text);
}

}  // namespace keepalive::command
