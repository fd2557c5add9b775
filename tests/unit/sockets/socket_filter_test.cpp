#include "command/sockets/socket_filter.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include "support/error_of.h"

namespace keepalive::command {
namespace {

using namespace std::chrono_literals;

TcpSocket connection(const std::string& peer_host, int peer_port = 5432) {
  TcpSocket socket;
  socket.fd = 7;
  socket.state = TCP_ESTABLISHED;
  socket.local = {"10.0.0.1", 40000};
  socket.peer = Address{peer_host, peer_port};
  return socket;
}

bool is_peer(const std::string& text, const TcpSocket& socket) {
  Filter filter;
  filter.peer = parse_peer(text);
  return filter.matches(socket);
}

TEST(PeerFilter, IsAnAddressWithOrWithoutAPort) {
  EXPECT_TRUE(is_peer("10.0.0.9", connection("10.0.0.9")));
  EXPECT_TRUE(is_peer("10.0.0.9:5432", connection("10.0.0.9")));
  EXPECT_FALSE(is_peer("10.0.0.9:5433", connection("10.0.0.9")));
  EXPECT_FALSE(is_peer("10.0.0.8", connection("10.0.0.9")));
  EXPECT_TRUE(is_peer("[fd00::1]:5432", connection("fd00::1")));
  EXPECT_TRUE(is_peer("fd00::1", connection("fd00::1")));
  EXPECT_TRUE(is_peer("[fd00::1]", connection("fd00::1")));
}

TEST(PeerFilter, IsTheSameHoweverTheAddressIsWritten) {
  EXPECT_TRUE(is_peer("FD00:0:0::0001", connection("fd00::1")));
  EXPECT_TRUE(is_peer("10.0.0.9", connection("::ffff:10.0.0.9")));
  EXPECT_TRUE(is_peer("::ffff:10.0.0.9", connection("::ffff:10.0.0.9")));
  EXPECT_FALSE(is_peer("::ffff:10.0.0.9", connection("10.0.0.9")));
}

TEST(PeerFilter, MayHaveAZone) {
  EXPECT_TRUE(is_peer("fe80::1%eth0", connection("fe80::1%eth0")));
  EXPECT_TRUE(is_peer("fe80::1", connection("fe80::1%eth0")));
  EXPECT_FALSE(is_peer("fe80::1%eth1", connection("fe80::1%eth0")));
  EXPECT_TRUE(is_peer("[fe80::1%3]:5432", connection("fe80::1%3")));
}

TEST(PeerFilter, RefusesOtherText) {
  for (const char* text : {"", "example.org", "10.0.0", ":80", "[", "[]", "[::1", "[::1]80", "::1]:80", "fe80::x%lo"}) {
    EXPECT_EQ(
        error_of([&] { parse_peer(text); }),
        "2: --peer '" + std::string(text) + "': not a numeric address, as in 10.1.2.3, 10.1.2.3:5432, [fd00::1]:5432");
  }
  for (const char* text : {"10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "[::1]:http"}) {
    EXPECT_EQ(error_of([&] { parse_peer(text); }),
              "2: --peer '" + std::string(text) + "': its port is not a whole number from 1 to 65535");
  }
}

TEST(PeerFilter, APortWithoutBracketsIsRecognised) {
  EXPECT_EQ(suggest_peer("::1:22"), "; did you mean --peer [::1]:22?");
  EXPECT_EQ(suggest_peer("fe80::1%eth0:22"), "; did you mean --peer [fe80::1%eth0]:22?");
  EXPECT_EQ(error_of([] { parse_peer("1:2:3:4:5:6:7:8:22"); }),
            "2: --peer '1:2:3:4:5:6:7:8:22': not a numeric address; did you mean --peer [1:2:3:4:5:6:7:8]:22?");
  for (const char* text : {"::1", "[::1]:22", "10.0.0.1:22", "fd00::abcd", "::1:0", "::1:65536", "x::1:22", ""}) {
    EXPECT_EQ(suggest_peer(text), "") << text;
  }
}

TEST(SocketFilter, WithoutAnythingMatchesAll) { EXPECT_TRUE(Filter().matches(TcpSocket())); }

TEST(SocketFilter, PortIsThatOfEitherEnd) {
  Filter filter;
  filter.port = 40000;
  EXPECT_TRUE(filter.matches(connection("10.0.0.9")));
  filter.port = 5432;
  EXPECT_TRUE(filter.matches(connection("10.0.0.9")));
  filter.port = 1;
  EXPECT_FALSE(filter.matches(connection("10.0.0.9")));
}

TEST(SocketFilter, AllThatIsGivenHasToMatch) {
  Filter filter;
  filter.fd = 7;
  filter.port = 5432;
  filter.peer = parse_peer("10.0.0.9");
  EXPECT_TRUE(filter.matches(connection("10.0.0.9")));
  EXPECT_FALSE(filter.matches(connection("10.0.0.8")));
  filter.fd = 8;
  EXPECT_FALSE(filter.matches(connection("10.0.0.9")));
}

TEST(SocketFilter, ASocketWithoutPeerIsNoPeers) {
  TcpSocket listener;
  listener.state = TCP_LISTEN;
  EXPECT_FALSE(is_peer("10.0.0.9", listener));
}

TcpSocket with_keepalive(int idle, int interval) {
  TcpSocket socket = connection("10.0.0.9");
  socket.keepalive = true;
  socket.values[option_index(TCP_KEEPIDLE)] = idle;
  socket.values[option_index(TCP_KEEPINTVL)] = interval;
  return socket;
}

TEST(Unprotected, IsAConnectionWithoutKeepalive) {
  TcpSocket off = with_keepalive(60, 60);
  off.keepalive = false;
  EXPECT_TRUE(is_unprotected(off, 350s));
}

TEST(Unprotected, IsAConnectionWhoseProbesComeTooLate) {
  EXPECT_FALSE(is_unprotected(with_keepalive(349, 75), 350s));
  EXPECT_TRUE(is_unprotected(with_keepalive(350, 75), 350s));  // the NAT forgets it at that moment
  EXPECT_TRUE(is_unprotected(with_keepalive(7200, 75), 350s));
  EXPECT_TRUE(is_unprotected(with_keepalive(30, 75), 60s));  // if the first probe is lost
  EXPECT_FALSE(is_unprotected(with_keepalive(30, 59), 60s));
}

TEST(Unprotected, AValueThatTheKernelDoesNotTellCountsAsTooLong) {
  EXPECT_TRUE(is_unprotected(with_keepalive(-1, 30), 350s));
  EXPECT_TRUE(is_unprotected(with_keepalive(30, -1), 350s));
}

TEST(Unprotected, IsNoSocketThatIsNotEstablished) {
  for (const int state : {TCP_LISTEN, TCP_CLOSE, TCP_SYN_SENT, TCP_CLOSE_WAIT, TCP_FIN_WAIT2}) {
    TcpSocket socket = connection("10.0.0.9");
    socket.state = state;
    EXPECT_FALSE(is_unprotected(socket, 1s)) << state;
  }
}

}  // namespace
}  // namespace keepalive::command
