#include "command/program/execute.h"

#include <elf.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "command/cli/error.h"

namespace keepalive::command {
namespace {

std::vector<char*> pointers_to(Arguments& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A shell would take code for another machine for a script.
bool is_machine_code(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, SELFMAG> start{};
  file.read(start.data(), start.size());
  return std::memcmp(start.data(), ELFMAG, SELFMAG) == 0;
}

}  // namespace

int execute(const Program& program) {
  Program copy = program;  // execve(2) takes pointers to what is not const
  const std::vector<char*> arguments = pointers_to(copy.arguments);
  const std::vector<char*> variables = pointers_to(copy.environment);
  execve(copy.path.c_str(), arguments.data(), variables.data());
  if (errno == ENOEXEC && !is_machine_code(copy.path)) execvpe(copy.path.c_str(), arguments.data(), variables.data());
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
