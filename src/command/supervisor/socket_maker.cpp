#include "command/supervisor/socket_maker.h"

#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace keepalive::command {
namespace {

#ifdef SYS_setgroups32
constexpr long sys_setgroups = SYS_setgroups32;
#else
constexpr long sys_setgroups = SYS_setgroups;
#endif

// Changes this thread alone. libc's setgroups(3) would change all threads of the process.
bool take_on_groups(const std::vector<gid_t>& groups) {
  return syscall(sys_setgroups, groups.size(), groups.data()) == 0;
}

/// While this object lives, this thread has the user and groups of another thread.
class TakenIdentity {
 public:
  TakenIdentity(const Identity& wanted, const Identity& own) : own_(own), is_needed_(!(wanted == own)) {
    if (!is_needed_) return;
    has_groups_ = take_on_groups(wanted.groups);
    setfsgid(wanted.filesystem_group);
    setfsuid(wanted.filesystem_user);
    // Neither function reports an error: each returns the user or group of before the call. With -1 they change
    // nothing, so this asks whether the first calls worked.
    is_taken_ = has_groups_ && static_cast<gid_t>(setfsgid(static_cast<gid_t>(-1))) == wanted.filesystem_group &&
                static_cast<uid_t>(setfsuid(static_cast<uid_t>(-1))) == wanted.filesystem_user;
  }
  TakenIdentity(const TakenIdentity&) = delete;
  TakenIdentity& operator=(const TakenIdentity&) = delete;
  ~TakenIdentity() {
    if (!is_needed_) return;
    setfsuid(own_.filesystem_user);
    setfsgid(own_.filesystem_group);
    if (has_groups_) take_on_groups(own_.groups);
  }

  [[nodiscard]] bool is_taken() const { return !is_needed_ || is_taken_; }

 private:
  const Identity& own_;
  bool is_needed_;
  bool has_groups_ = false;
  bool is_taken_ = false;
};

}  // namespace

SocketMaker::SocketMaker(const Caller& self)
    : own_network_(self.network()), own_cgroups_(self.cgroups()), own_label_(self.label()) {
  const std::optional<ThreadStatus> status = self.status();
  if (status) own_identity_ = status->identity;
}

std::optional<ThreadStatus> SocketMaker::status_of(pid_t thread) {
  std::shared_ptr<const Caller> caller = callers_.find(thread);
  std::optional<ThreadStatus> status = caller ? caller->status() : std::nullopt;
  if (caller && !status) {
    callers_.forget(thread);
    caller = callers_.find(thread);
    if (caller) status = caller->status();
  }
  return status;
}

const char* SocketMaker::compare(const Caller& caller, Identity& identity, bool& has_ended) const {
  const std::optional<ThreadStatus> status = caller.status();
  has_ended = !status;
  if (!status) return "the program cannot be seen in /proc";
  identity = status->identity;
  if (!own_network_ || caller.network() != own_network_) return "the program is in another network namespace";
  // Somebody may have moved the supervisor and the program to another cgroup together, after `own_cgroups_` was read.
  // So compare with the supervisor's present cgroups too.
  const std::optional<std::string> cgroups = caller.cgroups();
  if (!cgroups || (cgroups != own_cgroups_ && cgroups != Caller(getpid()).cgroups()))
    return "the program is in another cgroup";
  if (own_label_ && caller.label() != own_label_) return "the program has another security label";
  return nullptr;
}

const char* SocketMaker::find_obstacle(pid_t thread, Identity& identity) {
  const char* obstacle = nullptr;
  bool has_ended = true;
  // The open files may be those of an ended thread with the same number. If so, opens the new thread's and compares
  // again.
  for (int attempt = 0; attempt < 2 && has_ended; ++attempt) {
    const std::shared_ptr<const Caller> caller = callers_.find(thread);
    if (!caller) return "the program cannot be seen in /proc";
    obstacle = compare(*caller, identity, has_ended);
    if (has_ended) callers_.forget(thread);
  }
  return obstacle;
}

MadeSocket SocketMaker::make(pid_t thread, const SocketArguments& arguments) {
  Identity identity;
  if (const char* const obstacle = find_obstacle(thread, identity)) return {Descriptor(), obstacle};
  const TakenIdentity taken(identity, own_identity_);
  if (!taken.is_taken()) return {Descriptor(), "the program runs as another user or group"};
  const auto make_socket = [&] {
    return Descriptor(socket(arguments.domain, arguments.type | SOCK_CLOEXEC, arguments.protocol));
  };
  Descriptor made = make_socket();
  if (made.get() < 0 && errno == EMFILE) {
    callers_.forget_all();
    made = make_socket();
  }
  return {std::move(made), nullptr};
}

}  // namespace keepalive::command
