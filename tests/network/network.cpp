#include "network.h"

#include <sched.h>

#include <filesystem>
#include <stdexcept>
#include <thread>
#include <utility>

#include "support/eventually.h"
#include "support/requirements.h"

namespace network {
namespace {

using support::Command;
using support::Outcome;

void must_succeed(const std::vector<std::string>& command) {
  const Outcome outcome = support::run({command, {}});
  if (outcome.status != 0) throw std::runtime_error(command.back() + ": " + outcome.err);
}

// Empty if it cannot be read, for example in the middle of execve(2).
std::filesystem::path namespace_of(const std::string& process) {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/" + process + "/ns/net", error);
}

// Waits until the process is in its own namespace.
std::string holder_in_its_namespace(const support::Process& holder) {
  std::string pid = std::to_string(holder.pid());
  const auto arrived = [&] {
    const std::filesystem::path its = namespace_of(pid);
    return !its.empty() && its != namespace_of("self");
  };
  support::eventually(arrived);
  return pid;
}

}  // namespace

Host::Host(std::string name, std::string address, std::string address6)
    : name_(std::move(name)),
      address_(std::move(address)),
      address6_(std::move(address6)),
      holder_(Command{{"unshare", "--net", "sleep", "300"}, {}}) {
  const std::string pid = holder_in_its_namespace(holder_);
  in_the_middle("ip link add " + name_ + " type veth peer name eth0 netns " + pid + " && ip link set " + name_ + " up");
  run("ip link set lo up && ip link set eth0 up && ip address add " + address_ + "/24 dev eth0 && ip address add " +
      address6_ + "/64 dev eth0 nodad");
}

std::vector<std::string> Host::command(const std::vector<std::string>& arguments) const {
  return support::joined({"nsenter", "--target", std::to_string(holder_.pid()), "--net", "--"}, arguments);
}

void Host::run(const std::string& script) const { must_succeed(command({"sh", "-ec", script})); }

void in_the_middle(const std::string& script) { must_succeed({"sh", "-ec", script}); }

void NetworkTest::SetUp() {
  REQUIRE_ROOT();
  for (const char* program : {"ip", "nsenter", "unshare", "/usr/bin/python3"}) REQUIRE_PROGRAM(program);
  // One test program may run several tests: each gets a new namespace.
  REQUIRE_OR_SKIP(unshare(CLONE_NEWNET) == 0, "this needs to be allowed to make network namespaces");
}

void SwitchTest::SetUp() {
  NetworkTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  in_the_middle("ip link add switch type bridge && ip link set switch up");
  client_ = std::make_unique<Host>("client", "10.7.0.2", "fd07::2");
  server_ = std::make_unique<Host>("server", "10.7.0.3", "fd07::3");
  client_->run("ip link set eth0 address 02:00:00:00:00:02");
  server_->run("ip link set eth0 address 02:00:00:00:00:03");
  in_the_middle("ip link set client master switch && ip link set server master switch");
  const std::string entry = "ip neighbour replace ";
  client_->run(entry + "10.7.0.3 lladdr 02:00:00:00:00:03 dev eth0 nud permanent && " + entry +
               "fd07::3 lladdr 02:00:00:00:00:03 dev eth0 nud permanent");
  server_->run(entry + "10.7.0.2 lladdr 02:00:00:00:00:02 dev eth0 nud permanent && " + entry +
               "fd07::2 lladdr 02:00:00:00:00:02 dev eth0 nud permanent");
}

void SwitchTest::link(const std::string& name, bool up) {
  // The bridge stops forwarding; the host still sees its link up.
  in_the_middle("bridge link set dev " + name + " state " + (up ? "3" : "0"));
}

void SwitchTest::reboot_server() {
  link("server", false);
  server_.reset();
  in_the_middle("ip link delete server 2> /dev/null || true");
  server_ = std::make_unique<Host>("server", "10.7.0.3", "fd07::3");
  server_->run("ip link set eth0 address 02:00:00:00:00:03");
  in_the_middle("ip link set server master switch");
}

void NatTest::SetUp() {
  NetworkTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  REQUIRE_PROGRAM("nft");
  client_ = std::make_unique<Host>("client", "10.9.0.2", "fd09::2");
  server_ = std::make_unique<Host>("server", "10.8.0.2", "fd08::2");
  in_the_middle("ip address add 10.9.0.1/24 dev client && ip address add 10.8.0.1/24 dev server");
  client_->run("ip route add default via 10.9.0.1");
  in_the_middle(R"(
echo 1 > /proc/sys/net/ipv4/ip_forward
nft -f - << 'RULES'
table ip router {
  chain nat {
    type nat hook postrouting priority 100;
    oifname "server" masquerade
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname "client" ct state new tcp flags & (syn | ack) == syn accept
  }
  chain input {
    type filter hook input priority 0; policy drop;
  }
}
RULES
echo 3 > /proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established
echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose
)");
}

Peer::Peer(const Host& host, const std::string& role, const std::string& address, int port,
           const support::Environment& environment, const std::string& protocol)
    : process({host.command({"/usr/bin/python3", KEEPALIVE_PEER, role, address, std::to_string(port), protocol}),
               environment}) {}

int Peer::port() {
  if (!process.wait_for_output("port ")) throw std::runtime_error("a server does not listen");
  process.wait_for_output("\n");
  return std::stoi(process.output().substr(process.output().find("port ") + 5));
}

void be_silent() { std::this_thread::sleep_for(std::chrono::seconds(5)); }

void expect_only_ours_is_heard_again(support::Process& bare, Peer& server_of_bare, support::Process& ours,
                                     Peer& server_of_ours) {
  bare.write("first\n");
  ours.write("first\n");
  EXPECT_TRUE(server_of_bare.wait_for("got first") && server_of_ours.wait_for("got first"));
  be_silent();
  bare.write("second\n");
  ours.write("second\n");
  EXPECT_TRUE(server_of_ours.wait_for("got second", arrival));
  EXPECT_FALSE(server_of_bare.wait_for("got second", arrival));
}

}  // namespace network
