/// @file
/// `keepalive set`: keepalive for the TCP sockets of processes that run already.
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "command/cgroup/coverage.h"
#include "command/cgroup/target.h"
#include "command/cli/error.h"
#include "command/cli/output.h"
#include "command/program/system_values.h"
#include "command/sockets/socket_filter.h"
#include "command/sockets/socket_table.h"
#include "command/sockets/survey.h"
#include "command/subcommands.h"
#include "keepalive/apply.h"

namespace keepalive::command {
namespace {

constexpr char description[] = "Turn keepalive on for the TCP sockets that processes have open.\n";

constexpr char notes[] =
    R"(No process is restarted. A value that is not given stays. If a PID or NAME is
not there, nothing is changed. Listeners are included: what they accept from
then on has their values. Other new sockets of the process are not covered; for
those: keepalive attach, or run.
Changing processes of other users needs root. Linux 5.6 or later.

Exit status: 1 if a PID, NAME or TARGET is not there, if no socket was found, or
if a process or a socket could not be changed, 2 if an option or a value is
invalid.

Example: keepalive set --idle 2m --interval 30 --port 5432 legacy-program
)";

struct Request {
  Settings settings;  ///< the values to set
  bool off = false;
  bool dry_run = false;
  Layout layout = Layout::narrow;
  Filter filter;
};

// What the socket would have.
TcpSocket expected(TcpSocket socket, const Request& request) {
  socket.keepalive = !request.off;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (request.settings.values[i] > 0) socket.values[i] = request.settings.values[i];
  }
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (request.settings.values[i] != automatic_value) continue;
    socket.values[i] =
        milliseconds_until_dead(socket.values[option_index(TCP_KEEPIDLE)], socket.values[option_index(TCP_KEEPINTVL)],
                                socket.values[option_index(TCP_KEEPCNT)]);
  }
  return socket;
}

/// What to say of a problem, before and behind the names of the options.
using Words = std::pair<std::string, std::string>;

/// A problem that sockets have in common. It is said once, because there may be thousands.
struct Problem {
  std::vector<std::string> options;
  std::vector<std::string> sockets;
};

class Setter {
 public:
  explicit Setter(const Request& request) : request_(request) {}

  void set(const ProcessSocket& found, int fd) {
    if (!request_.filter.matches(found.socket)) return;
    const TcpSocket after = request_.dry_run ? expected(found.socket, request_) : changed(found, fd);
    processes_.insert(found.pid);
    has_listener_ = has_listener_ || after.state == TCP_LISTEN;
    rows_.push_back(socket_cells(found, after, request_.layout));
  }

  // False if the kernel refused something, or nothing was there to set.
  [[nodiscard]] bool finish(const SurveyResult& result) const {
    if (rows_.empty()) {
      report_nothing_found("set", result, request_.filter.describe_no_match());
      return false;
    }
    report_problems();
    print_sockets(socket_columns(request_.layout), rows_, request_.layout,
                  request_.dry_run ? "" : "; the sockets were changed");
    if (!request_.off) {
      advise("set", describe_missing_values(request_.settings, "each socket keeps its own; the system's are"));
    }
    if (request_.dry_run) {
      say("set", "a dry run, nothing was changed");
    } else if (!request_.off) {
      report_later_sockets();
    }
    return problems_.empty();
  }

 private:
  TcpSocket changed(const ProcessSocket& found, int fd) {
    Refusals refusals;
    if (request_.off) {
      const int off = 0;
      if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof off) != 0) refusals.keepalive = errno;
    } else {
      apply(fd, request_.settings, setsockopt, &refusals);
    }
    add_refusal(found, "SO_KEEPALIVE", refusals.keepalive);
    for (std::size_t i = 0; i < options.size(); ++i) add_refusal(found, options[i].name, refusals.values[i]);
    TcpSocket after = inspect_socket(fd, found.socket.fd, nullptr).value_or(found.socket);
    find_kept_options(found, refusals, after);
    return after;
  }

  // Under `attach --force` the kernel answers setsockopt(2) with success and changes nothing.
  void find_kept_options(const ProcessSocket& found, const Refusals& refusals, const TcpSocket& after) {
    const TcpSocket wanted = expected(found.socket, request_);
    const auto keep = [&](const char* option) {
      add_problem(
          found,
          {"a BPF program keeps ",
           std::string(" as it is; if 'keepalive attach --force' attached it (see keepalive attached), ") +
               (request_.off ? "first: keepalive detach" : "attach again with other values, or without --force")},
          option);
    };
    if (refusals.keepalive == 0 && after.keepalive != wanted.keepalive) keep("SO_KEEPALIVE");
    for (std::size_t i = 0; i < options.size(); ++i) {
      if (refusals.values[i] == 0 && after.values[i] != wanted.values[i]) keep(options[i].name);
    }
  }

  void report_problems() const {
    for (const auto& [words, problem] : problems_) {
      std::string names;
      for (const std::string& option : problem.options) names += (names.empty() ? "" : ", ") + option;
      say("set", describe_all(problem.sockets) + ": " + words.first + names + words.second);
    }
  }

  void report_later_sockets() const {
    if (attach_covers(processes_)) {
      say("set", "sockets opened later get the values of 'keepalive attach'");
    } else {
      say("set",
          std::string("sockets opened later do not get these values") +
              (has_listener_ ? ", except those accepted by the listeners above, unless the program sets its own" : ""));
    }
  }

  void add_refusal(const ProcessSocket& found, const char* option, int refusal) {
    if (refusal == 0) return;
    const bool is_unsupported = found.socket.is_mptcp && (refusal == ENOPROTOOPT || refusal == EOPNOTSUPP);
    const Words words = is_unsupported ? Words{"this kernel does not support ", " on MPTCP sockets"}
                                       : Words{"the kernel refuses ", std::string(": ") + std::strerror(refusal)};
    add_problem(found, words, option);
  }

  void add_problem(const ProcessSocket& found, const Words& words, const char* option) {
    const auto add = [](std::vector<std::string>& list, const std::string& text) {
      if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
    };
    Problem& problem = problems_[words];
    add(problem.options, option);
    if (problem.sockets.empty() || problem.sockets.back() != describe(found))
      problem.sockets.push_back(describe(found));
  }

  const Request& request_;
  std::vector<std::vector<Cell>> rows_;
  bool has_listener_ = false;
  std::set<pid_t> processes_;
  std::map<Words, Problem> problems_;
};

std::vector<Flag> set_flags(Request& request) {
  std::vector<Flag> flags = value_flags(request.settings);
  flags.push_back({"off", "", "turn keepalive off instead; the values stay", [&](const auto&) { request.off = true; }});
  for (Flag& flag : filter_flags(request.filter)) flags.push_back(std::move(flag));
  flags.push_back({"dry-run", "", "change nothing, show what would be", [&](const auto&) { request.dry_run = true; }});
  flags.push_back(wide_flag(request.layout));
  return flags;
}

int set(const Arguments& arguments) {
  Request request;
  std::vector<Group> groups;
  std::vector<Flag> flags = set_flags(request);
  flags.push_back(cgroup_flag(groups));
  const Arguments operands = parse(arguments, flags, Operands::anywhere);
  if (operands.empty() && groups.empty())
    throw Error(status_usage, "missing PID, NAME or --cgroup TARGET; see keepalive set --help");
  if (request.off && request.settings.values != Settings().values) {
    throw Error(status_usage, "--off cannot be combined with values");
  }
  const Selection selection(operands, groups);
  if (!report_unmatched("set", selection, flags)) throw Error(status_partly, "nothing was changed");

  Setter setter(request);
  const SurveyResult result =
      for_each_socket("set", selection, [&](const ProcessSocket& found, int fd) { setter.set(found, fd); });
  return setter.finish(result) && result.failures == 0 ? status_done : status_partly;
}

}  // namespace

const Subcommand set_subcommand{
    "set", "[OPTION...] PID|NAME...|--cgroup TARGET", "set it on running processes", description, notes, set};

}  // namespace keepalive::command
