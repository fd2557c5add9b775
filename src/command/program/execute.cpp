#include "command/program/execute.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "command/cli/error.h"
#include "command/program/elf.h"

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
  Program copy = program;  // execve(2) wants pointers that are not const
  const std::vector<char*> arguments = pointers_to(copy.arguments);
  const std::vector<char*> variables = pointers_to(copy.environment);
  execve(copy.path.c_str(), arguments.data(), variables.data());
  const int error = errno;
  // If the file is code for another machine, a shell would read it as a script.
  if (error != ENOEXEC || is_elf(copy.path)) return error;
  execvpe(copy.path.c_str(), arguments.data(), variables.data());
  return errno;
}

void throw_execute_error(const Program& program, int error) {
  throw Error(error == ENOENT ? status_not_found : status_not_executable,
              "'" + program.path + "' cannot be executed: " + std::strerror(error));
}

Arguments environment() {
  Arguments variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  return variables;
}

}  // namespace keepalive::command
