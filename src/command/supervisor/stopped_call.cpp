#include "command/supervisor/stopped_call.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "command/supervisor/report.h"
#include "command/supervisor/small_thread.h"
#include "command/supervisor/system_calls.h"
#include "keepalive/apply.h"
#include "keepalive/tcp.h"

namespace keepalive::command {
namespace {

const SystemCalls* find_system_calls(std::uint32_t architecture) {
  for (const SystemCalls& calls : known_system_calls) {
    if (calls.architecture == architecture) return &calls;
  }
  return nullptr;
}

// Reads the arguments of socketcall(2). They are 32-bit words, because only 32-bit programs have this call.
std::optional<std::array<std::uint32_t, 3>> read_words(pid_t thread, std::uint64_t address) {
  std::array<std::uint32_t, 3> words{};
  const iovec here{words.data(), sizeof words};
  iovec there{nullptr, sizeof words};
  std::memcpy(&there.iov_base, &address, sizeof there.iov_base);  // a pointer of the other process
  if (process_vm_readv(thread, &here, 1, &there, 1, 0) != static_cast<ssize_t>(sizeof words)) return std::nullopt;
  return words;
}

SocketArguments socket_arguments(std::uint64_t domain, std::uint64_t type, std::uint64_t protocol) {
  return {static_cast<int>(domain), static_cast<int>(type), static_cast<int>(protocol)};
}

}  // namespace

void StoppedCalls::serve(CallInHand& call) {
  const seccomp_data& data = call.notification.call.data;
  const SystemCalls* const calls = find_system_calls(data.arch);
  const auto number = static_cast<std::uint32_t>(data.nr);
  if (calls != nullptr && number == calls->socket) {
    serve_socket(call, socket_arguments(data.args[0], data.args[1], data.args[2]));
  } else if (calls != nullptr && number == calls->setsockopt) {
    serve_setsockopt(call);
  } else if (calls != nullptr && number == calls->socketcall) {
    start_socketcall(call);
  } else {
    let_pass(call);
  }
}

void StoppedCalls::serve_socket(CallInHand& call, const SocketArguments& arguments) {
  const auto thread = static_cast<pid_t>(call.notification.call.pid);
  MadeSocket made = maker_.make(thread, arguments);
  if (made.obstacle != nullptr) {
    let_socket_pass(call, made.obstacle);
    return;
  }
  if (made.socket.get() < 0) {  // so the kernel will refuse it too
    let_socket_pass(call, "the supervisor cannot make the socket", InSystemLog::no);
    return;
  }
  Refusals refusals;
  apply(made.socket.get(), settings_, setsockopt, &refusals);
  if (!add_to_caller(call, std::move(made.socket), (arguments.type & SOCK_CLOEXEC) != 0)) {
    let_socket_pass(call, "the socket cannot be handed over", InSystemLog::no);
    return;
  }
  // Before the caller goes on: once the program has ended, lines are not printed any more.
  if (verbose_) report_given(thread, "socket", call.added_descriptor, settings_, refusals);
  notifications_.answer(call.notification.call.id, call.added_descriptor);
  finish(call);
}

// Gives the socket to the caller and closes the copy here. The caller goes on only after that: if the copy were still
// open when the program closes the socket, the connection would stay open. So SECCOMP_ADDFD_FLAG_SEND is of no use: it
// lets the caller go on before the copy is closed.
bool StoppedCalls::add_to_caller(CallInHand& call, Descriptor socket, bool close_on_exec) {
  const int number = notifications_.add_descriptor(call.notification.call.id, socket.get(), close_on_exec);
  if (number < 0) return false;
  call.added_descriptor = number;
  socket = Descriptor();
  return true;
}

// Under `force`. The call would undo what the user asked for, so it returns 0 and is not carried out.
void StoppedCalls::serve_setsockopt(CallInHand& call) {
  const auto thread = static_cast<pid_t>(call.notification.call.pid);
  if (may_lack_keepalive(thread)) {
    let_pass(call);
    return;
  }
  if (verbose_) report_kept(thread);
  notifications_.answer(call.notification.call.id, 0);
  finish(call);
}

// Whether the process may have a TCP socket that the kernel made without keepalive. It may have inherited one from any
// ancestor, and /proc does not tell all ancestors: parents end, and their children get other parents. Only the program
// itself cannot inherit one from its descendants.
bool StoppedCalls::may_lack_keepalive(pid_t thread) {
  const UnservedSockets& unserved = state_.unserved;
  if (!unserved.in_program && !unserved.in_others) return false;
  return unserved.in_program || !is_program(thread);
}

bool StoppedCalls::is_program(pid_t thread) {
  const std::optional<ThreadStatus> status = maker_.status_of(thread);
  return status && status->process == program_;
}

void StoppedCalls::start_socketcall(CallInHand& call) {
  const auto start = [](void* argument) -> void* {
    const std::unique_ptr<SocketcallRequest> request(static_cast<SocketcallRequest*>(argument));
    request->calls->serve_socketcall(*request->call);
    request->call->is_free = true;
    return nullptr;
  };
  for (CallInHand& entry : state_.calls) {
    bool is_free = true;
    if (!entry.is_free.compare_exchange_strong(is_free, false)) continue;
    // For a moment the call is in two entries of `state_.calls`. If the worker is killed then, the guard answers the
    // call twice. The kernel refuses the second answer, which is harmless.
    entry.notification = call.notification;
    auto request = std::make_unique<SocketcallRequest>(SocketcallRequest{this, &entry});
    if (start_small_thread(start, request.get())) {
      static_cast<void>(request.release());  // the thread deletes it
      call.notification.call.id = 0;
      return;
    }
    entry.notification.call.id = 0;
    entry.is_free = true;
    break;
  }
  let_socket_pass(call, "too many calls of 32-bit programs at once");
}

void StoppedCalls::serve_socketcall(CallInHand& call) {
  const seccomp_notif& stopped = call.notification.call;
  const auto thread = static_cast<pid_t>(stopped.pid);
  const std::optional<ThreadStatus> status = maker_.status_of(thread);
  // Read only the memory of a process of the same user: another user could make this read last for ever.
  const bool is_own = status && status->real_user == getuid();
  const auto words = is_own ? read_words(thread, stopped.data.args[1]) : std::nullopt;
  const bool is_socket = static_cast<std::uint32_t>(stopped.data.args[0]) == socketcall_socket;
  if (!words) {
    is_socket ? let_socket_pass(call, "the arguments of socketcall(2) cannot be read") : let_pass(call);
    return;
  }
  const auto [first, second, third] = *words;
  if (is_socket) {
    const SocketArguments arguments = socket_arguments(first, second, third);
    is_tcp(arguments.domain, arguments.type, arguments.protocol) ? serve_socket(call, arguments) : let_pass(call);
  } else {
    governs(settings_, static_cast<int>(second), static_cast<int>(third)) ? serve_setsockopt(call) : let_pass(call);
  }
}

void StoppedCalls::let_pass(CallInHand& call) {
  static_cast<void>(notifications_.let_pass(call.notification.call.id));
  finish(call);
}

// One line in the system log tells of all: each program that goes to another place makes many sockets there.
void StoppedCalls::let_socket_pass(CallInHand& call, const char* obstacle, InSystemLog in_system_log) {
  const auto thread = static_cast<pid_t>(call.notification.call.pid);
  (is_program(thread) ? state_.unserved.in_program : state_.unserved.in_others) = true;
  if (verbose_) report_not_given(thread, obstacle);
  const bool has_caller = notifications_.let_pass(call.notification.call.id);
  finish(call);
  if (has_caller && in_system_log == InSystemLog::yes && !state_.has_logged.exchange(true)) {
    log_not_given(thread, obstacle);
  }
}

void StoppedCalls::finish(CallInHand& call) {
  call.added_descriptor = -1;
  call.notification.call.id = 0;
  ++state_.answered;
}

}  // namespace keepalive::command
