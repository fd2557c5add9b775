#include "command/program/library.h"

#include <unistd.h>

#include <filesystem>

#include "command/cli/error.h"

namespace keepalive::command {

namespace fs = std::filesystem;

namespace {

bool is_readable(const fs::path& path) { return access(path.c_str(), R_OK) == 0; }

}  // namespace

std::string find_library() {
  std::error_code unknown;
  const fs::path folder = fs::read_symlink("/proc/self/exe", unknown).parent_path();
  if (unknown) throw Error(status_cannot_run, "can't tell where this command is: /proc is not mounted");
  fs::path library = (folder / KEEPALIVE_LIBRARY_FROM_COMMAND).lexically_normal();
  // A build folder has no architecture's own folder for libraries, as /usr has on Debian.
  const fs::path built = folder.parent_path() / "lib/libkeepalive.so";
  if (!is_readable(library) && is_readable(built)) library = built;
  if (!is_readable(library)) {
    throw Error(status_cannot_run,
                "there is no library for this command: '" + library.string() + "' is missing; install both together");
  }
  if (library.string().find_first_of(" :") != std::string::npos) {
    throw Error(status_cannot_run, "LD_PRELOAD can't name '" + library.string() +
                                       "', because of the space or colon in it; install to another folder");
  }
  return library;
}

}  // namespace keepalive::command
