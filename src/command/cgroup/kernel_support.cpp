#include "command/cgroup/kernel_support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "command/cgroup/attachment.h"
#include "command/cgroup/program.h"
#include "command/cli/error.h"

namespace keepalive::command {
namespace {

// A socket that is bound to a free port: of loopback, or of all addresses if loopback is down. Sets `port` if that
// works.
Descriptor bound_socket(int& port) {
  Descriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  for (const in_addr_t host : {INADDR_LOOPBACK, INADDR_ANY}) {
    address.sin_family = AF_INET;
    address.sin_port = 0;
    address.sin_addr.s_addr = htonl(host);
    if (bind(fd.get(), generic, size) == 0) break;
  }
  if (getsockname(fd.get(), generic, &size) == 0) port = ntohs(address.sin_port);
  return fd;
}

KernelSupport support_of(const TrialResult& result) {
  if (result.set == TrialResult::not_run) return KernelSupport::unknown;
  if (result.set != 0) return KernelSupport::none;
  return result.get == 0 ? KernelSupport::all : KernelSupport::force_only;
}

// Whether the BPF program has to ask each socket for values: `auto` is given, but it cannot be computed before.
bool asks_sockets(const Settings& settings) {
  const Record record = make_record(settings, kernel_defaults());
  return record.rows.at(record.row_count - 1).value == automatic_value;
}

}  // namespace

KernelSupport try_kernel(const Hierarchy& hierarchy) {
  TrialResult result;
  const Descriptor map = create_map(sizeof result);
  if (map.get() < 0 || !write_map(map.get(), &result)) throw BpfError{BpfError::Step::make, errno};
  int port = 0;
  const Descriptor listener = bound_socket(port);
  if (port == 0) return KernelSupport::unknown;
  const Descriptor program = load_program(BPF_PROG_TYPE_SOCK_OPS, sock_ops_type, make_trial_program(port, map.get()));
  if (program.get() < 0) throw BpfError{BpfError::Step::load, errno};

  const std::string own = hierarchy.folder_of(cgroup_of(getpid()).value_or(""));
  const std::string folder = own.empty() ? hierarchy.folder_of(hierarchy.top()) : own;
  const Descriptor cgroup(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Descriptor attached = attach_program_for_now(cgroup.get(), sock_ops_type, program.get());
  if (attached.get() < 0) return errno == EINVAL ? KernelSupport::none : KernelSupport::unknown;
  listen(listener.get(), 1);
  if (!read_map(map.get(), &result, sizeof result)) return KernelSupport::unknown;
  return support_of(result);
}

void require_support(KernelSupport support, const Settings& settings) {
  if (support == KernelSupport::none) {
    throw Error(status_partly,
                "attach needs Linux 6.1, or 5.9 with --force; the library works on this kernel: keepalive run, or "
                "/etc/ld.so.preload for the whole machine");
  }
  if (support == KernelSupport::force_only && settings.mode != Mode::force) {
    throw Error(
        status_partly,
        "a BPF program can tell what a program has set itself only from Linux 6.1; --force works here, because it "
        "replaces what programs set");
  }
  if (support == KernelSupport::force_only && asks_sockets(settings)) {
    throw Error(status_partly,
                "--user-timeout auto needs --idle, --interval and --count here: before Linux 6.1 a BPF program cannot "
                "ask a socket for them");
  }
}

}  // namespace keepalive::command
