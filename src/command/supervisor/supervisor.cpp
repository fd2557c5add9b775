#include "command/supervisor/supervisor.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <new>
#include <string>

#include "command/supervisor/descriptor_limit.h"
#include "command/supervisor/separation.h"
#include "command/supervisor/short_slices.h"
#include "command/supervisor/small_thread.h"
#include "command/supervisor/stopped_call.h"
#include "command/supervisor/verbose_until_end.h"

namespace keepalive::command {
namespace {

// Signals can interrupt a call until the supervisor has received it. So while one thread answers a call, the other one
// has to wait for the next call. More threads would be slower: since Linux 6.6 each call wakes all that wait.
constexpr std::size_t most_receivers = 2;

std::size_t number_of_receivers() { return has_many_descriptors() ? most_receivers : 1; }

/// Receives and answers calls until this process is killed.
class Worker {
 public:
  Worker(const Notifications& notifications, SharedState& state, const Settings& settings, pid_t program, bool verbose)
      : notifications_(notifications),
        state_(state),
        calls_(notifications, state, settings, program, verbose),
        program_(program),
        verbose_(verbose) {}

  [[noreturn]] void run() {
    for (CallInHand& call : state_.calls) call.is_free = true;
    ask_for_short_slices(state_.may_ask_for_short_slices);
    if (verbose_) start_small_thread(wait_for_end, &program_);
    std::array<Receiver, most_receivers> receivers;
    for (std::size_t i = 0; i < number_of_receivers(); ++i) {
      receivers[i] = {this, &state_.calls[i]};
      state_.calls[i].is_free = false;
      if (i > 0) start_small_thread(start, &receivers[i]);  // if it fails, the other threads do its work
    }
    start(&receivers[0]);
    _exit(EXIT_FAILURE);
  }

 private:
  struct Receiver {
    Worker* worker;
    CallInHand* call;
  };

  static void* wait_for_end(void* argument) {
    VerboseUntilEnd(*static_cast<const pid_t*>(argument)).wait();
    return nullptr;
  }

  // Does not wait in poll(2): a signal could still interrupt the call between poll(2) and the receipt.
  static void* start(void* argument) {
    const Receiver& receiver = *static_cast<Receiver*>(argument);
    const Notifications& notifications = receiver.worker->notifications_;
    for (;;) {
      if (notifications.receive(receiver.call->notification)) {
        receiver.worker->calls_.serve(*receiver.call);
      } else if (notifications.is_over()) {
        return nullptr;  // newer kernels do not wait any more, so this loop would spin
      }
    }
  }

  const Notifications& notifications_;
  SharedState& state_;
  StoppedCalls calls_;
  pid_t program_;
  bool verbose_;
};

class Guard {
 public:
  Guard(const Notifications& notifications, SharedState& state, const Settings& settings,
        const SupervisedProgram& program, bool verbose)
      : notifications_(notifications),
        state_(state),
        settings_(settings),
        program_(program.pid),
        description_(program.description),
        verbose_(verbose),
        verbose_until_end_(verbose ? program.pid : -1) {}

  // The first worker leaves the program's group, but not its session. The kernel shares the processors out between
  // sessions first (autogroup, sched(7)): in another session the worker would have to wait for its share. The guard
  // leaves the session, so that nothing that is done to the session ends it.
  void start(Channel& channel) {
    sigset_t child_signal;
    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    children_ = Descriptor(signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK));
    start_worker(&channel);
    set_title("keepalive: supervisor of " + description_);  // the worker must not have this title for a moment
    setpgid(worker_, worker_);
    setsid();
  }

  [[noreturn]] void run() {
    for (;;) {
      // Without a worker the guard receives calls itself, and lets them go on.
      const short awaited = worker_ > 0 ? 0 : POLLIN;
      std::array<pollfd, 3> events{
          {{notifications_.get(), awaited, 0}, {children_.get(), POLLIN, 0}, {verbose_until_end_.get(), POLLIN, 0}}};
      poll(events.data(), events.size(), worker_ > 0 ? -1 : retry_after);
      if ((events[0].revents & ~POLLIN) != 0) end();  // POLLHUP: no process has the filter any more
      if ((events[0].revents & POLLIN) != 0) let_next_pass();
      if (events[2].revents != 0) {
        verbose_until_end_.close_standard_error();
        verbose_ = false;
      }
      signalfd_siginfo signal{};
      while (read(children_.get(), &signal, sizeof signal) > 0) continue;
      if (worker_ <= 0 || waitpid(worker_, nullptr, WNOHANG) == worker_) replace_worker();
    }
  }

 private:
  static constexpr int retry_after = 100;          // milliseconds
  static constexpr int most_useless_workers = 10;  // in a row

  void start_worker(Channel* inherited = nullptr) {
    const pid_t guard = getpid();
    answered_before_ = state_.answered;
    worker_ = fork();
    if (worker_ != 0) return;
    children_ = Descriptor();
    if (inherited != nullptr) inherited->close();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != guard) _exit(EXIT_FAILURE);  // the guard ended before the prctl(2)
    try {
      set_title("keepalive: worker of " + description_);
      Worker(notifications_, state_, settings_, program_, verbose_).run();
    } catch (const std::bad_alloc&) {
      _exit(EXIT_FAILURE);
    }
  }

  void replace_worker() {
    for (CallInHand& call : state_.calls) finish(call);
    useless_workers_ = state_.answered == answered_before_ ? useless_workers_ + 1 : 0;
    if (useless_workers_ < most_useless_workers) {
      start_worker();
    } else {  // something ends each of them: a limit of the program, for example
      worker_ = -1;
      useless_workers_ = 0;
    }
  }

  void finish(CallInHand& call) {
    const std::uint64_t id = call.notification.call.id;
    if (id == 0) return;
    if (call.added_descriptor >= 0) {
      notifications_.answer(id, call.added_descriptor);
    } else {
      state_.unserved.in_program = true;  // it may be another process, but the guard cannot tell
      static_cast<void>(notifications_.let_pass(id));
    }
    call.added_descriptor = -1;
    call.notification.call.id = 0;
  }

  void let_next_pass() {
    CallInHand& call = state_.calls[0];
    if (notifications_.receive(call.notification)) finish(call);
  }

  [[noreturn]] void end() const {
    if (worker_ > 0) {
      kill(worker_, SIGKILL);
      waitpid(worker_, nullptr, 0);
    }
    _exit(EXIT_SUCCESS);
  }

  const Notifications& notifications_;
  SharedState& state_;
  const Settings& settings_;
  pid_t program_;
  std::string description_;
  bool verbose_;
  VerboseUntilEnd verbose_until_end_;
  Descriptor children_;
  pid_t worker_ = -1;
  int useless_workers_ = 0;
  unsigned long answered_before_ = 0;
};

}  // namespace

SharedState* make_shared_state() {
  void* const memory = mmap(nullptr, sizeof(SharedState), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory != MAP_FAILED ? new (memory) SharedState : nullptr;
}

void supervise(const Notifications& notifications, SharedState& state, const Settings& settings,
               const SupervisedProgram& program, bool verbose, Channel channel) {
  Guard guard(notifications, state, settings, program, verbose);
  guard.start(channel);
  if (!channel.send({StartResult::serving, 0})) _exit(EXIT_FAILURE);
  channel.close();
  guard.run();
}

}  // namespace keepalive::command
