#include "command/program/library.h"

#include <sys/auxv.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "command/cli/error.h"

namespace keepalive::command {

namespace fs = std::filesystem;

namespace {

/// The errno of reading the file; 0 if it can be read.
int obstacle_to(const fs::path& path) { return access(path.c_str(), R_OK) == 0 ? 0 : errno; }

// The path of this command's own file. If /proc is not mounted, or shows other processes, the kernel still tells the
// path that it executed.
fs::path command_path() {
  std::error_code failed;
  fs::path path = fs::read_symlink("/proc/self/exe", failed);
  if (!failed) return path;
  const unsigned long executed = getauxval(AT_EXECFN);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): getauxval() returns addresses so
  if (executed != 0) path = fs::canonical(reinterpret_cast<const char*>(executed), failed);
  if (failed || path.empty()) throw Error(status_cannot_run, "cannot tell where this command is: mount /proc");
  return path;
}

}  // namespace

std::string find_library() {
  const fs::path folder = command_path().parent_path();
  fs::path library = (folder / KEEPALIVE_LIBRARY_FROM_COMMAND).lexically_normal();
  // On Debian the installed library is in a folder of the architecture (lib/x86_64-linux-gnu). A build folder has no
  // such folder.
  const fs::path built = folder.parent_path() / "lib/libkeepalive.so";
  const int built_obstacle = obstacle_to(built);
  int obstacle = obstacle_to(library);
  if (obstacle != 0 && (built_obstacle == 0 || (obstacle == ENOENT && built_obstacle == EACCES))) {
    library = built;
    obstacle = built_obstacle;
  }
  if (obstacle != 0 && obstacle != ENOENT && obstacle != ENOTDIR) {
    throw Error(status_cannot_run,
                "the library '" + library.string() + "' cannot be read: " + describe_error(obstacle));
  }
  if (obstacle != 0) {
    throw Error(status_cannot_run,
                "there is no library for this command: '" + library.string() + "' is missing; install both together");
  }
  if (library.string().find_first_of(" :") != std::string::npos) {
    throw Error(status_cannot_run, "LD_PRELOAD cannot name '" + library.string() +
                                       "', because of the space or colon in it; install to another folder");
  }
  return library;
}

}  // namespace keepalive::command
