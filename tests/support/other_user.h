/// @file
/// Running functions and commands as an ordinary user, in tests that run as root.
#pragma once

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <string>
#include <vector>

#include "keepalive/descriptor.h"
#include "support/process.h"

namespace support {

inline constexpr unsigned nobody = 65534;

/// Calls the function in a child process of user and group `nobody`; its result, or the message of its exception.
template <class Function>
std::string as_nobody(Function function) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const keepalive::Descriptor reading(ends[0]);
  keepalive::Descriptor writing(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    std::string answer = "cannot become another user";
    if (setgroups(0, nullptr) == 0 && setresgid(nobody, nobody, nobody) == 0 &&
        setresuid(nobody, nobody, nobody) == 0) {
      try {
        answer = function();
      } catch (const std::exception& error) {
        answer = error.what();
      }
    }
    _exit(write(writing.get(), answer.data(), answer.size()) == static_cast<ssize_t>(answer.size()) ? 0 : 1);
  }
  writing = keepalive::Descriptor();
  std::string answer;
  std::array<char, 4096> buffer;
  for (ssize_t count = 0; (count = read(reading.get(), buffer.data(), buffer.size())) > 0;) {
    answer.append(buffer.data(), static_cast<std::size_t>(count));
  }
  waitpid(child, nullptr, 0);
  return answer;
}

/// A command line that runs the command as `nobody`.
inline std::vector<std::string> command_as_nobody(const std::vector<std::string>& command) {
  return joined({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"}, command);
}

}  // namespace support
