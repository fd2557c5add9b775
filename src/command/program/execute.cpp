#include "command/program/execute.h"

#include <unistd.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "command/cli/error.h"
#include "command/cli/printable.h"
#include "command/program/elf.h"
#include "command/program/script.h"

namespace keepalive::command {
namespace {

std::vector<char*> pointers_to(Arguments& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// ` needs the interpreter '/bin/x'`: which other file execve(2) has failed for. It tells only an error, and users would
// think that `path` itself is meant. Empty if no other file is at fault.
std::string describe_interpreter_at_fault(std::string path) {
  constexpr int deepest = 6;  // the kernel follows five scripts
  for (int depth = 0; depth < deepest; ++depth) {
    const Arguments interpreter = interpreter_of(path);
    const std::optional<Elf> elf = read_elf(path);
    const std::string needed = !interpreter.empty() ? interpreter[0] : elf ? elf->loader : "";
    if (needed.empty()) break;
    if (access(needed.c_str(), X_OK) == 0) {
      path = needed;
      continue;
    }
    std::string text =
        (interpreter.empty() ? " needs the loader '" : " needs the interpreter '") + printable(needed) + "'";
    if (needed.back() == '\r') text += " (the line ends in CR LF; write it with LF alone)";
    return text;
  }
  return "";
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
  const std::string fault = describe_interpreter_at_fault(program.path);
  throw Error(error == ENOENT ? status_not_found : status_not_executable,
              quoted(program.path) + (fault.empty() ? " cannot be executed" : fault) + ": " + describe_error(error));
}

}  // namespace keepalive::command
