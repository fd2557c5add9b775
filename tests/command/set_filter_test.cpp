/// @file
/// Which sockets `keepalive set` reaches: --peer, --port, --fd, and addresses with zones.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>

#include "network/network.h"
#include "set.h"
#include "support/eventually.h"

namespace {

using namespace support;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Sockets of this process, one of each kind, and which of them `set` changes under a filter.
class SetFilterTest : public SetTest {
 protected:
  void SetUp() override {
    SetTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    six_listener_ = Descriptor(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    REQUIRE_OR_SKIP(bind(six_listener_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0 &&
                        listen(six_listener_.get(), 8) == 0,
                    "this needs IPv6");
    socklen_t size = sizeof any;
    getsockname(six_listener_.get(), reinterpret_cast<sockaddr*>(&any), &size);
    six_port_ = ntohs(any.sin6_port);
    sockets_["listener"] = six_listener_.get();
    add("four", connect_to(listener_.port()));
    add("other", connect_to(other_listener_.port()));
    add("six", connect_six("::1", six_port_));
    add("mapped", connect_six("::ffff:127.0.0.1", listener_.port()));
  }

  /// The sockets that have keepalive after `set OPTION...`. Turns it off again afterwards.
  std::vector<std::string> reached_by(const std::vector<std::string>& options) {
    std::vector<std::string> arguments = options;
    arguments.push_back(own_pid);
    const Outcome outcome = set(arguments);
    std::vector<std::string> reached;
    for (const auto& [name, fd] : sockets_) {
      if (options_of(fd)[0] == '1') reached.push_back(name);
      const int off = 0;
      setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof off);
    }
    EXPECT_EQ(outcome.status, reached.empty() ? 1 : 0) << outcome.err;
    const bool has_listener =
        std::any_of(reached.begin(), reached.end(), [](const std::string& name) { return name == "listener"; });
    EXPECT_THAT(outcome.err,
                testing::AnyOf("keepalive set: no TCP socket matches\n", not_covered, not_covered_but_accepted));
    EXPECT_EQ(outcome.err.find("no TCP socket") != std::string::npos, reached.empty());
    EXPECT_TRUE(!has_listener || outcome.err == not_covered_but_accepted) << outcome.err;
    return reached;
  }

  [[nodiscard]] std::string port() const { return std::to_string(listener_.port()); }
  [[nodiscard]] std::string six_port() const { return std::to_string(six_port_); }
  [[nodiscard]] int fd(const std::string& name) const { return sockets_.at(name); }

 private:
  void add(const std::string& name, Descriptor fd) {
    ASSERT_GE(fd.get(), 0);
    sockets_[name] = fd.get();
    connections_.push_back(std::move(fd));
  }

  static Descriptor connect_six(const char* host, int port) {
    Descriptor fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(static_cast<in_port_t>(port));
    inet_pton(AF_INET6, host, &address.sin6_addr);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Descriptor();
    return fd;
  }

  Listener listener_;
  Listener other_listener_;
  Descriptor six_listener_;
  int six_port_ = 0;
  std::vector<Descriptor> connections_;
  std::map<std::string, int> sockets_;  ///< in the order of their names
};

TEST_F(SetFilterTest, WithoutOneAllAreReached) {
  EXPECT_THAT(reached_by({}), ElementsAre("four", "listener", "mapped", "other", "six"));
}

TEST_F(SetFilterTest, PeerIsAnAddressOfEitherFamilyWithOrWithoutAPort) {
  EXPECT_THAT(reached_by({"--peer", "127.0.0.1"}), ElementsAre("four", "mapped", "other"));
  EXPECT_THAT(reached_by({"--peer", "127.0.0.1:" + port()}), ElementsAre("four", "mapped"));
  EXPECT_THAT(reached_by({"--peer", "[::ffff:127.0.0.1]:" + port()}), ElementsAre("mapped"));
  EXPECT_THAT(reached_by({"--peer", "::1"}), ElementsAre("six"));
  EXPECT_THAT(reached_by({"--peer", "[::1]:" + six_port()}), ElementsAre("six"));
  EXPECT_THAT(reached_by({"--peer", "[::1]:" + port()}), IsEmpty());
}

TEST_F(SetFilterTest, PortIsThatOfEitherEnd) {
  EXPECT_THAT(reached_by({"--port", port()}), ElementsAre("four", "mapped"));
  EXPECT_THAT(reached_by({"--port", six_port()}), ElementsAre("listener", "six"));
  EXPECT_THAT(reached_by({"--port", "1"}), IsEmpty());
}

TEST_F(SetFilterTest, DescriptorIsOne) {
  EXPECT_THAT(reached_by({"--fd", std::to_string(fd("other"))}), ElementsAre("other"));
  EXPECT_THAT(reached_by({"--fd", "0"}), IsEmpty());
  EXPECT_THAT(reached_by({"--fd", "2147483647"}), IsEmpty());
}

TEST_F(SetFilterTest, ADryRunReachesNone) {
  const Outcome outcome = set({"--dry-run", own_pid});
  EXPECT_THAT(outcome.out, HasSubstr("off -> "));
  for (const char* name : {"four", "listener", "mapped", "other", "six"}) EXPECT_EQ(options_of(fd(name))[0], '0');
}

class ZoneTest : public network::NetworkTest {};

TEST_F(ZoneTest, PeerMayBeALinkLocalAddressAsItIsShown) {
  network::in_the_middle("ip link set lo up && ip address add fe80::7/64 dev lo nodad");
  const Descriptor listener(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Descriptor fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_scope_id = if_nametoindex("lo");
  inet_pton(AF_INET6, "fe80::7", &address.sin6_addr);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener.get(), generic, size), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  ASSERT_EQ(getsockname(listener.get(), generic, &size), 0);
  // The kernel adds the route to a new address a moment after the address.
  ASSERT_TRUE(eventually([&] { return connect(fd.get(), generic, size) == 0; }));

  const std::string peer = shown(getpid(), fd.get()).at("peer_address");
  EXPECT_EQ(peer, "fe80::7%lo");
  const auto keepalive_after = [&](const std::string& filter) {
    run_keepalive({"set", "--idle", "5", "--peer", filter, own_pid});
    const char on = options_of(fd.get())[0];
    run_keepalive({"set", "--off", own_pid});
    return on;
  };
  const std::string port = std::to_string(ntohs(address.sin6_port));
  EXPECT_EQ(keepalive_after(peer), '1');
  EXPECT_EQ(keepalive_after("[" + peer + "]:" + port), '1');
  EXPECT_EQ(keepalive_after("fe80::7"), '1');
  EXPECT_EQ(keepalive_after("fe80::7%eth0"), '0');
}

/// An interface of another network namespace: its number means something else, or nothing, here.
TEST_F(ZoneTest, IsNamedAsTheSocketsOwnNamespaceNamesIt) {
  const network::Host host("elsewhere", "10.7.0.2", "fd07::2");
  host.run("ip address add fe80::7/64 dev eth0 nodad");
  Process python({host.command({"/usr/bin/python3", "-c",
                                "import socket\n"
                                "listener = socket.socket(socket.AF_INET6)\n"
                                "index = socket.if_nametoindex('eth0')\n"
                                "listener.bind(('fe80::7', 0, 0, index))\n"
                                "listener.listen()\n"
                                "print('index', index, 'ready', flush=True)\n"
                                "input()\n"}),
                  {}});
  ASSERT_TRUE(python.wait_for_output("ready"));
  const auto address = [&] { return with_value(shown(python.pid()), "state", "LISTEN").at("local_address"); };
  EXPECT_EQ(address(), "fe80::7%eth0");

  // If a terminal would take the name as a command, the interface's number stands in its place.
  host.run("ip link set eth0 down && ip link set eth0 name \"$(printf 'e\\033[31m')\"");
  const std::string text = python.output();
  EXPECT_EQ(address(), "fe80::7%" + text.substr(6, text.find(" ready") - 6));
  EXPECT_THAT(run_keepalive({"show", std::to_string(python.pid())}).out, testing::Not(testing::HasSubstr("\033")));
}

}  // namespace
