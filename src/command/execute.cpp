#include "execute.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "error.h"

namespace keepalive::command {
namespace {

std::vector<char*> pointers_to(Arguments& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

int execute(const Program& program) {
  Program copy = program;  // execvpe(3) takes pointers to what is not const
  execvpe(copy.path.c_str(), pointers_to(copy.arguments).data(), pointers_to(copy.environment).data());
  return errno;
}

void throw_execute_error(const Program& program, int error) {
  throw Error(error == ENOENT ? status_not_found : status_not_executable,
              "'" + program.path + "' can't be executed: " + std::strerror(error));
}

Arguments environment() {
  Arguments variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  return variables;
}

}  // namespace keepalive::command
