/// @file
/// The BPF programs. Pure: numbers of maps go in, instructions come out.
#pragma once

#include <linux/bpf.h>

#include <vector>

#include "command/cgroup/record.h"

namespace keepalive::command {

/// BPF_PROG_TYPE_SOCK_OPS: gives a TCP socket the options of the record when it connects, listens or is accepted.
/// Mode::on: gives an option only if the socket still has the system's value, so that what the program has set stands.
/// Mode::force: gives all.
/// @param map holds `record`.
std::vector<bpf_insn> make_sock_ops_program(const Record& record, int map);

/// BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT, for Mode::force. If a program turns keepalive off or sets an
/// option of the record, its setsockopt(2) returns success and is not carried out. Other calls pass.
/// @param map holds `record`.
std::vector<bpf_insn> make_setsockopt_program(const Record& record, int map);

/// What the trial program stores in its map: results of the two calls, 0 or a negative errno.
struct TrialResult {
  static constexpr int not_run = 1;
  int set = not_run;  ///< bpf_setsockopt(TCP_KEEPIDLE), Linux 5.9
  int get = not_run;  ///< bpf_getsockopt(SO_KEEPALIVE), Linux 6.1
  int idle = 60;      ///< the value that is set
};

/// BPF_PROG_TYPE_SOCK_OPS: tries what the kernel's helpers can do, on the listener with this port and on no other
/// socket.
/// @param map holds a TrialResult.
std::vector<bpf_insn> make_trial_program(int port, int map);

}  // namespace keepalive::command
