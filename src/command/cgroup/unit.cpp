#include "command/cgroup/unit.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>
#include <vector>

#include "command/cli/printable.h"
#include "keepalive/descriptor.h"

namespace keepalive::command {
namespace {

constexpr std::array suffixes{".service", ".socket", ".slice", ".scope", ".mount", ".swap"};

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

// What the command prints. Throws Error with the first line of that if it fails: without systemd, for example.
std::string output_of(std::vector<std::string> command) {
  const auto refuse = [&](const std::string& reason) {
    throw Error(status_partly, "systemd does not tell the cgroup of " + command.back() + " (" + command[0] + ": " +
                                   printable(reason) + "); name a PID or the path of a cgroup (/...) instead");
  };
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw Error(status_partly, std::string("pipe: ") + describe_error(errno));
  const Descriptor read_end(ends[0]);
  Descriptor write_end(ends[1]);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDERR_FILENO);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  write_end = Descriptor();
  if (error != 0) refuse(describe_error(error));
  std::string text = read_all(read_end.get());
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) refuse(text.empty() ? "failed" : text.substr(0, text.find('\n')));
  return text;
}

}  // namespace

bool is_unit_name(const std::string& text) {
  return text.find('/') == std::string::npos &&
         std::any_of(suffixes.begin(), suffixes.end(), [&](const std::string& suffix) {
           return text.size() > suffix.size() && text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
         });
}

Unit read_unit(const std::string& properties) {
  Unit unit;
  std::istringstream lines(properties);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = line.substr(0, equals);
    const std::string value = line.substr(equals + 1);
    if (name == "LoadState") unit.load_state = value;
    if (name == "ActiveState") unit.active_state = value;
    if (name == "ControlGroup") unit.cgroup = value;
    if (name == "ConsistsOf") unit.parts = value;
  }
  return unit;
}

std::string cgroup_of_unit(const std::string& name) {
  if (name.find_first_of("*?[") != std::string::npos) {
    throw Error(status_usage, quoted(name) + " is a pattern; name each unit, or the slice that they are in");
  }
  if (name.find("@.") != std::string::npos) {
    throw Error(status_usage, quoted(name) + " is a template; name an instance of it, or the slice that they are in");
  }
  const Unit unit =
      read_unit(output_of({"systemctl", "show", "--no-pager", "--property=LoadState", "--property=ActiveState",
                           "--property=ControlGroup", "--property=ConsistsOf", "--", name}));
  if (unit.load_state == "not-found") {
    throw Error(status_partly,
                "there is no unit " + name +
                    "; systemctl list-units --all shows those that there are (a unit of systemctl --user: name a PID)");
  }
  if (!unit.cgroup.empty()) return unit.cgroup;
  const std::string state = "the unit " + name + " is " + unit.active_state;
  if (unit.active_state == "active") {  // postgresql.service, whose clusters have units of their own
    throw Error(status_partly, state + " but has no cgroup, because no process runs in it; " +
                                   (unit.parts.empty() ? "systemctl list-units shows other units"
                                                       : "name one of its parts: " + printable(unit.parts)));
  }
  throw UnitStopped(status_partly, state + " and has no cgroup");
}

}  // namespace keepalive::command
