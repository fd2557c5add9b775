#include "command/cli/error.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>

namespace keepalive::command {
namespace {

std::string describe_limit(decltype(RLIMIT_NOFILE) resource, const std::string& what, const std::string& remedy) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return "";
  return "; the limit of " + what + " is " + std::to_string(limit.rlim_cur) + ": raise it (" + remedy + ")";
}

}  // namespace

std::string describe_error(int error) {
  std::string cause = std::strerror(error);
  switch (error) {
    case EMFILE:
      return cause + describe_limit(RLIMIT_NOFILE, "open files", "ulimit -n");
    case ENFILE:
      return cause + "; raise the limit of the machine (sysctl fs.file-max)";
    case EAGAIN:
      return cause + describe_limit(RLIMIT_NPROC, "processes", "ulimit -u");
    case ENOMEM:
      return cause + describe_limit(RLIMIT_AS, "memory", "ulimit -v");
    default:
      return cause;
  }
}

}  // namespace keepalive::command
