/// @file
/// Hosts in network namespaces, connected by the test's own namespace, which is a switch or a router. The namespaces
/// have no names and belong to processes of the test: they disappear with it, however it ends.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/process.h"

namespace network {

/// A host with one interface, eth0. The other end of its link is in the test's namespace and has the host's name.
class Host {
 public:
  Host(std::string name, std::string address, std::string address6);

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] const std::string& address6() const { return address6_; }

  /// A command line that runs the command on this host.
  [[nodiscard]] std::vector<std::string> command(const std::vector<std::string>& arguments) const;

  /// Runs a shell command on it that must succeed.
  void run(const std::string& script) const;

 private:
  std::string name_;
  std::string address_;
  std::string address6_;
  support::Process holder_;
};

/// Runs a shell command in the middle that must succeed.
void in_the_middle(const std::string& script);

/// Gives the test a namespace of its own. Skips without root.
class NetworkTest : public testing::Test {
 protected:
  void SetUp() override;
};

/// A client and a server on one switch. Their neighbour tables are filled: if a host disappears, the other gets no
/// answer, and no error of address resolution.
class SwitchTest : public NetworkTest {
 protected:
  void SetUp() override;

  /// Takes the link of a host down, or up again. The other host does not notice.
  static void link(const std::string& name, bool up);

  /// The server reboots: a machine with its addresses, but without its connections, takes its place.
  void reboot_server();

  std::unique_ptr<Host> client_;
  std::unique_ptr<Host> server_;
};

/// A client behind a router with NAT. The router forgets a connection after three seconds of silence, and drops packets
/// of connections that it does not know.
class NatTest : public NetworkTest {
 protected:
  void SetUp() override;

  std::unique_ptr<Host> client_;
  std::unique_ptr<Host> server_;
};

/// A line that has not arrived after this time is lost.
constexpr std::chrono::seconds arrival{4};

/// Longer than the router of NatTest remembers. A sleep, because silence is no event that a test could wait for.
void be_silent();

/// One end of a connection (peer.py) on a host.
struct Peer {
  Peer(const Host& host, const std::string& role, const std::string& address, int port,
       const support::Environment& environment, const std::string& protocol = "tcp");

  /// The port of a server, once it listens.
  int port();
  bool wait_for(const std::string& text, std::chrono::milliseconds time = support::Process::patience) {
    return process.wait_for_output(text, time);
  }

  support::Process process;
};

/// Both clients send, are silent, and send again: the second time only the server of `ours` gets it.
void expect_only_ours_is_heard_again(support::Process& bare, Peer& server_of_bare, support::Process& ours,
                                     Peer& server_of_ours);

}  // namespace network
