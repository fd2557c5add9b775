/// @file
/// `keepalive set`: keepalive for the TCP sockets of processes that run already.
#include <arpa/inet.h>
#include <netinet/tcp.h>

#include <cstdio>
#include <cstring>

#include "command/cgroup/target.h"
#include "command/cli/error.h"
#include "command/cli/number.h"
#include "command/cli/output.h"
#include "command/socket_columns.h"
#include "command/sockets/survey.h"
#include "command/subcommands.h"
#include "keepalive/apply.h"

namespace keepalive::command {
namespace {

constexpr char description[] = "Turn keepalive on for the TCP sockets that processes have open, without a restart.\n";

constexpr char notes[] =
    R"(A value that is not given stays. Listeners are included: what they accept from then on has their
values. Other new sockets of the process are not covered; for those: keepalive attach, or run.
To change processes of other users takes root. Linux 5.6 or later.

Exit status: 1 where no socket was found, or one, or a process, could not be changed.

Example: keepalive set --idle 2m --interval 30 --count 4 --port 5432 legacy-program
)";

/// What `--peer` says.
struct PeerFilter {
  std::string host;  ///< as the kernel's own text
  int port = 0;      ///< 0: any
};

// The address in the form that addresses of sockets are shown in; empty where it is none.
std::string canonical(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> binary{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, text.c_str(), binary.data()) == 1) {
      return inet_ntop(family, binary.data(), canonical.data(), canonical.size());
    }
  }
  return "";
}

PeerFilter parse_peer(const std::string& text) {
  std::string host = text;
  int port = 0;
  const std::size_t colon = text.rfind(':');
  const bool bracketed = !text.empty() && text[0] == '[';
  const bool has_port = bracketed ? colon != std::string::npos && colon > text.find(']')
                                  : colon != std::string::npos && text.find(':') == colon;
  if (has_port) {
    const std::optional<int> number = whole_number(text.substr(colon + 1));
    if (!number || *number < 1 || *number > 65535) {
      throw Error(status_usage, "--peer '" + text + "': its port is not a whole number from 1 to 65535");
    }
    port = *number;
    host = text.substr(0, colon);
  }
  if (bracketed && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::size_t zone = host.find('%');  // as in fe80::1%eth0, which is how such an address is shown
  const std::string address = canonical(host.substr(0, zone));
  host = address.empty() || zone == std::string::npos ? address : address + host.substr(zone);
  if (host.empty()) {
    throw Error(status_usage,
                "--peer '" + text + "': not a numeric address, as in 10.1.2.3, 10.1.2.3:5432, [fd00::1]:5432");
  }
  return {host, port};
}

struct Filter {
  std::optional<PeerFilter> peer;
  std::optional<int> port;
  std::optional<int> fd;

  [[nodiscard]] bool matches(const TcpSocket& socket) const {
    if (fd && socket.fd != *fd) return false;
    if (port && socket.local.port != *port && !(socket.peer && socket.peer->port == *port)) return false;
    return !peer || (socket.peer && is_peer(*socket.peer));
  }

 private:
  [[nodiscard]] bool is_peer(const Address& address) const {
    const bool same_host = address.host == peer->host || address.host == "::ffff:" + peer->host ||
                           address.host.substr(0, address.host.find('%')) == peer->host;
    return same_host && (peer->port == 0 || address.port == peer->port);
  }
};

struct Request {
  Settings settings;  ///< the values to set
  bool off = false;
  bool dry_run = false;
  Filter filter;
};

// What the socket would have.
TcpSocket expected(TcpSocket socket, const Request& request) {
  socket.keepalive = !request.off;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (request.settings.values[i] > 0) socket.value[i] = request.settings.values[i];
  }
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (request.settings.values[i] != automatic_value) continue;
    socket.value[i] =
        milliseconds_until_dead(socket.value[option_index(TCP_KEEPIDLE)], socket.value[option_index(TCP_KEEPINTVL)],
                                socket.value[option_index(TCP_KEEPCNT)]);
  }
  return socket;
}

std::string change(const std::string& before, const std::string& after) {
  return before == after ? before : before + " -> " + after;
}

class Setter {
 public:
  explicit Setter(const Request& request) : request_(request) {}

  void set(const Found& found, int fd) {
    if (!request_.filter.matches(found.socket)) return;
    const TcpSocket& before = found.socket;
    const TcpSocket after = request_.dry_run ? expected(before, request_) : changed(found, fd);
    has_listener_ = has_listener_ || before.state == TCP_LISTEN;
    std::vector<Cell> row = identity_cells(found);
    row.push_back({change(keepalive_text(before), keepalive_text(after)), after.keepalive ? Color::green : Color::red});
    for (std::size_t i = 0; i < options.size(); ++i) {
      row.push_back({change(value_text(before, i), value_text(after, i))});
    }
    rows_.push_back(row);
  }

  // False where something was refused, or nothing was there to set.
  [[nodiscard]] bool finish() const {
    if (rows_.empty()) {
      std::fputs("keepalive set: no TCP socket of these processes matches\n", stderr);
      return false;
    }
    std::vector<Column> columns = identity_columns();
    for (const Column& column : settings_columns()) columns.push_back(column);
    print(format_table(columns, rows_, standard_output_style()));
    if (request_.dry_run) {
      std::fputs("keepalive set: a dry run, nothing was changed\n", stderr);
    } else if (!request_.off) {
      std::fprintf(stderr, "keepalive set: new sockets of these processes are not covered%s\n",
                   has_listener_ ? ", but for those that a listener above accepts" : "");
    }
    return !refused_;
  }

 private:
  TcpSocket changed(const Found& found, int fd) {
    Refusals refusals;
    if (request_.off) {
      const int off = 0;
      if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof off) != 0) refusals.keepalive = errno;
    } else {
      apply(fd, request_.settings, setsockopt, &refusals);
    }
    report(found, "SO_KEEPALIVE", refusals.keepalive);
    for (std::size_t i = 0; i < options.size(); ++i) report(found, options[i].name, refusals.values[i]);
    const TcpSocket after = look_at_socket(fd, found.socket.fd, {}).value_or(found.socket);
    report_kept_options(found, refusals, after);
    return after;
  }

  // Under `attach --force` the kernel answers setsockopt(2) with success and changes nothing.
  void report_kept_options(const Found& found, const Refusals& refusals, const TcpSocket& after) {
    const TcpSocket wanted = expected(found.socket, request_);
    std::string kept;
    const auto add = [&kept](const char* option) { kept += (kept.empty() ? "" : ", ") + std::string(option); };
    if (refusals.keepalive == 0 && after.keepalive != wanted.keepalive) add("SO_KEEPALIVE");
    for (std::size_t i = 0; i < options.size(); ++i) {
      if (refusals.values[i] == 0 && after.value[i] != wanted.value[i]) add(options[i].name);
    }
    if (kept.empty()) return;
    refused_ = true;
    std::fprintf(stderr,
                 "keepalive set: process %d (%s), descriptor %d: a BPF program keeps %s as it is; if it is that of "
                 "'keepalive attach --force' (see keepalive attached), attach other values\n",
                 found.pid, found.process.c_str(), found.socket.fd, kept.c_str());
  }

  void report(const Found& found, const char* option, int refusal) {
    if (refusal == 0) return;
    refused_ = true;
    std::fprintf(stderr, "keepalive set: process %d (%s), descriptor %d: the kernel refuses %s: %s\n", found.pid,
                 found.process.c_str(), found.socket.fd, option, std::strerror(refusal));
  }

  const Request& request_;
  std::vector<std::vector<Cell>> rows_;
  bool has_listener_ = false;
  bool refused_ = false;
};

int set(const Arguments& arguments) {
  Request request;
  std::vector<Flag> flags = value_flags(request.settings);
  flags.push_back({"off", "", "turn keepalive off instead; the values stay", [&](const auto&) { request.off = true; }});
  flags.push_back({"peer", "ADDR[:PORT]", "only connections with this peer (an IPv6 address with a port: [ADDR]:PORT)",
                   [&](const auto& text) { request.filter.peer = parse_peer(text); }});
  flags.push_back({"port", "N", "only sockets with this port at either end",
                   [&](const auto& text) { request.filter.port = parse_whole_number("port", text, 1, 65535); }});
  flags.push_back({"fd", "N", "only this descriptor",
                   [&](const auto& text) { request.filter.fd = parse_whole_number("fd", text, 0, INT_MAX); }});
  flags.push_back({"dry-run", "", "change nothing, show what would be", [&](const auto&) { request.dry_run = true; }});
  Arguments in_cgroups;
  flags.push_back(cgroup_flag(in_cgroups));
  Arguments targets = parse(arguments, flags, Operands::anywhere);
  targets.insert(targets.end(), in_cgroups.begin(), in_cgroups.end());
  if (targets.empty()) throw Error(status_usage, "missing PID or NAME; see keepalive set --help");
  if (request.off && request.settings.values != Settings().values) {
    throw Error(status_usage, "--off cannot be combined with values");
  }

  Setter setter(request);
  const bool complete = for_each_socket("set", targets, [&](const Found& found, int fd) { setter.set(found, fd); });
  return setter.finish() && complete ? status_done : status_partly;
}

}  // namespace

const Subcommand set_subcommand{"set", "[OPTION...] PID|NAME...", "set it on running processes", description, notes,
                                set};

}  // namespace keepalive::command
