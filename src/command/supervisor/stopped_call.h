/// @file
/// What the supervisor does with a stopped call.
#pragma once

#include "command/supervisor/calls_in_hand.h"
#include "command/supervisor/notification.h"
#include "command/supervisor/socket_maker.h"
#include "keepalive/settings.h"

namespace keepalive::command {

/// Answers stopped calls. If anything goes wrong, the kernel carries the call out, and the program gets the kernel's
/// answer. Safe to use from several threads.
class StoppedCalls {
 public:
  /// @param notifications, state, settings are kept by reference.
  /// @param program the process that was started first, @param verbose a line on standard error for each decision.
  StoppedCalls(const Notifications& notifications, SharedState& state, const Settings& settings, pid_t program,
               bool verbose)
      : notifications_(notifications), state_(state), settings_(settings), program_(program), verbose_(verbose) {}

  /// Answers the call. For a socketcall(2) it starts a thread that answers later: the arguments have to be read from
  /// the caller's memory, and the caller can make this read last as long as it likes.
  void serve(CallInHand& call);

 private:
  enum class InSystemLog : unsigned char { no, yes };

  struct SocketcallRequest {
    StoppedCalls* calls;
    CallInHand* call;
  };

  void serve_socket(CallInHand& call, const SocketArguments& arguments);
  void serve_setsockopt(CallInHand& call);
  void start_socketcall(CallInHand& call);
  void serve_socketcall(CallInHand& call);
  bool add_to_caller(CallInHand& call, Descriptor socket, bool close_on_exec);
  void let_pass(CallInHand& call);
  void let_socket_pass(CallInHand& call, const char* obstacle, InSystemLog in_system_log = InSystemLog::yes);
  bool may_lack_keepalive(pid_t thread);
  bool is_program(pid_t thread);
  void finish(CallInHand& call);

  const Notifications& notifications_;
  SharedState& state_;
  const Settings& settings_;
  pid_t program_;
  bool verbose_;
  SocketMaker maker_;
};

}  // namespace keepalive::command
