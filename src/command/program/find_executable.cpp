#include "command/program/find_executable.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "command/cli/error.h"
#include "command/cli/printable.h"

namespace keepalive::command {
namespace {

bool is_folder(const std::string& path) {
  struct stat file {};
  return stat(path.c_str(), &file) == 0 && S_ISDIR(file.st_mode);
}

std::vector<std::string> search_path() {
  const char* const variable = std::getenv("PATH");
  std::string_view left = variable != nullptr ? variable : "/bin:/usr/bin";  // execvp(3)
  std::vector<std::string> folders;
  for (;;) {
    const std::size_t colon = left.find(':');
    const std::string_view folder = left.substr(0, colon);
    folders.emplace_back(folder.empty() ? "." : folder);
    if (colon == std::string_view::npos) return folders;
    left.remove_prefix(colon + 1);
  }
}

// Whether the word is `NAME=VALUE` with a name that a shell takes.
bool names_variable(std::string_view word) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  const std::size_t end = word.find_first_not_of(letters);
  return end != std::string_view::npos && end > 0 && word[end] == '=';
}

}  // namespace

std::string find_executable(const std::string& program) {
  const bool is_path = program.find('/') != std::string::npos;
  std::vector<std::string> candidates;
  if (is_path) {
    candidates.push_back(program);
  } else if (!program.empty()) {
    for (const std::string& folder : search_path()) candidates.push_back(folder + "/" + program);
  }
  bool exists = false;
  for (const std::string& candidate : candidates) {
    if (access(candidate.c_str(), F_OK) != 0) {
      if (is_path && errno != ENOENT && errno != ENOTDIR) {
        throw Error(status_not_executable, quoted(program) + ": " + describe_error(errno));
      }
      continue;
    }
    if (is_path && is_folder(candidate)) {
      throw Error(status_not_executable, quoted(program) + ": " + describe_error(EISDIR));
    }
    if (!is_folder(candidate) && access(candidate.c_str(), X_OK) == 0) return candidate;
    exists = exists || !is_folder(candidate);
  }
  if (exists) throw Error(status_not_executable, quoted(program) + " is not executable");
  if (!is_path && names_variable(program)) {
    throw Error(status_not_found, "there is no program " + quoted(program) +
                                      "; put a variable in front: " + shortened(program) + " keepalive run ...");
  }
  const bool is_here = !is_path && !program.empty() && access(program.c_str(), X_OK) == 0 && !is_folder(program);
  throw Error(status_not_found, "there is no program " + quoted(program) + describe_wrong_dash(program) +
                                    (is_here ? " in PATH; did you mean ./" + program + "?" : ""));
}

}  // namespace keepalive::command
