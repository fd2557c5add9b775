#include "command/cli/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "command/cli/error.h"

namespace keepalive::command {

void print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written) throw Error(status_partly, std::string("standard output can't be written: ") + std::strerror(errno));
}

}  // namespace keepalive::command
