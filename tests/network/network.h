/// @file
/// Hosts in network namespaces, joined by the test's own namespace in the middle: a switch or a router. They belong to
/// processes of the test, and vanish with it however it ends; nothing is named, nothing has to be cleaned up.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/process.h"

namespace network {

/// A host with one interface, eth0. The test's end of its link is named after it.
class Host {
 public:
  Host(std::string name, std::string address, std::string address6);

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] const std::string& address6() const { return address6_; }

  /// The command as it is run on this host.
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

/// A client and a server on one switch. Their neighbour tables are filled, so that a host which vanishes is silence and
/// not an error of address resolution.
class SwitchTest : public NetworkTest {
 protected:
  void SetUp() override;

  /// The link of a host goes down, or up again, without the other noticing.
  static void link(const std::string& name, bool up);

  /// The server is gone without a word, and another machine has its addresses: it has rebooted.
  void reboot_server();

  std::unique_ptr<Host> client_;
  std::unique_ptr<Host> server_;
};

/// A client behind a router with NAT, which forgets a connection after three seconds of silence and drops what belongs
/// to none that it knows.
class NatTest : public NetworkTest {
 protected:
  void SetUp() override;

  std::unique_ptr<Host> client_;
  std::unique_ptr<Host> server_;
};

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

}  // namespace network
