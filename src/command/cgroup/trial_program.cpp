#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

#include "command/cgroup/assembler.h"
#include "command/cgroup/program.h"

namespace keepalive::command {

using enum Register;
using enum Comparison;

std::vector<bpf_insn> make_trial_program(int port, int map) {
  BpfAssembler code;
  const BpfAssembler::Label done = code.new_label();
  const auto call = [&](bpf_func_id function, int level, int number) {
    code.move(r1, r6);
    code.move(r2, level);
    code.move(r3, number);
    code.move(r5, static_cast<int>(sizeof(int)));
    code.call(function);
  };
  code.load_word(r2, r1, offsetof(bpf_sock_ops, op));
  code.jump_if(not_equal, r2, BPF_SOCK_OPS_TCP_LISTEN_CB, done);
  code.load_word(r2, r1, offsetof(bpf_sock_ops, local_port));
  code.jump_if(not_equal, r2, port, done);
  code.move(r6, r1);
  code.load_map_value(r7, map, 0);
  code.move(r4, r7);
  code.add(r4, offsetof(TrialResult, idle));
  call(BPF_FUNC_setsockopt, IPPROTO_TCP, TCP_KEEPIDLE);
  code.store_word(r7, offsetof(TrialResult, set), r0);
  code.move(r4, r10);
  code.add(r4, -static_cast<int>(sizeof(int)));
  call(BPF_FUNC_getsockopt, SOL_SOCKET, SO_KEEPALIVE);
  code.store_word(r7, offsetof(TrialResult, get), r0);
  code.place(done);
  code.move(r0, 1);
  code.exit();
  return code.finish();
}

}  // namespace keepalive::command
