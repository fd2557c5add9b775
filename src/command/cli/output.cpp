#include "command/cli/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "command/cli/error.h"
#include "keepalive/file_status.h"

namespace keepalive::command {

void print(const std::string& text, const std::string& done) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written)
    throw Error(status_partly, std::string("standard output cannot be written: ") + std::strerror(errno) + done);
}

void print_unless_to_client(const std::string& text, const std::string& done) {
  const FileStatus output = file_status(STDOUT_FILENO);
  if (output.type != S_IFSOCK || !output.is_same_file(file_status(STDIN_FILENO))) print(text, done);
}

void say(const std::string& subcommand, const std::string& text) {
  std::fprintf(stderr, "keepalive %s: %s\n", subcommand.c_str(), text.c_str());
}

void advise(const std::string& subcommand, const std::string& text) {
  if (!text.empty() && isatty(STDERR_FILENO) == 1) say(subcommand, text);
}

}  // namespace keepalive::command
