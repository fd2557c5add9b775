#include "keepalive/tcp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

namespace keepalive {
namespace {

struct Kind {
  const char* name;
  int domain;
  int type;
  int protocol;
  bool tcp;
};

constexpr Kind kinds[]{
    {"Tcp4", AF_INET, SOCK_STREAM, 0, true},
    {"Tcp4Named", AF_INET, SOCK_STREAM, IPPROTO_TCP, true},
    {"Tcp4Flags", AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, true},
    {"Tcp6", AF_INET6, SOCK_STREAM, 0, true},
    {"Tcp6Named", AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP, true},
    {"Mptcp4", AF_INET, SOCK_STREAM, protocol_mptcp, true},
    {"Mptcp6", AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, protocol_mptcp, true},
    {"Udp4", AF_INET, SOCK_DGRAM, 0, false},
    {"Udp6", AF_INET6, SOCK_DGRAM, IPPROTO_UDP, false},
    {"UdpLite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, false},
    {"RawTcp4", AF_INET, SOCK_RAW, IPPROTO_TCP, false},
    {"RawTcp6", AF_INET6, SOCK_RAW, IPPROTO_TCP, false},
    {"Icmp", AF_INET, SOCK_RAW, IPPROTO_ICMP, false},
    {"SctpStream", AF_INET, SOCK_STREAM, IPPROTO_SCTP, false},
    {"SctpSeqpacket", AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP, false},
    {"UnixStream", AF_UNIX, SOCK_STREAM, 0, false},
    {"UnixDatagram", AF_UNIX, SOCK_DGRAM, 0, false},
    {"UnixSeqpacket", AF_UNIX, SOCK_SEQPACKET, 0, false},
    {"Netlink", AF_NETLINK, SOCK_RAW, 0, false},
    {"Vsock", AF_VSOCK, SOCK_STREAM, 0, false},
    {"Packet", AF_PACKET, SOCK_RAW, 0, false},
};

class KindTest : public testing::TestWithParam<Kind> {};

INSTANTIATE_TEST_SUITE_P(Tcp, KindTest, testing::ValuesIn(kinds),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(KindTest, IsToldByItsArguments) {
  EXPECT_EQ(is_tcp(GetParam().domain, GetParam().type, GetParam().protocol), GetParam().tcp);
}

// Not every kernel has every kind, and raw sockets need root; what can be made must be told apart.
TEST_P(KindTest, IsToldByItsDescriptor) {
  const int fd = socket(GetParam().domain, GetParam().type, GetParam().protocol);
  if (fd < 0) {
    const bool everywhere = GetParam().type == SOCK_STREAM && GetParam().domain == AF_INET && GetParam().protocol == 0;
    ASSERT_FALSE(everywhere);
    return;
  }
  EXPECT_EQ(is_tcp(fd), GetParam().tcp);
  close(fd);
}

TEST(Tcp, OtherDescriptorsAreNot) {
  EXPECT_FALSE(is_tcp(-1));
  const int file = open("/dev/null", O_RDONLY);
  EXPECT_FALSE(is_tcp(file));
  close(file);
}

TEST(Tcp, AddressLengthsOfTcpPeers) {
  EXPECT_TRUE(is_tcp_address_length(sizeof(sockaddr_in)));
  EXPECT_TRUE(is_tcp_address_length(sizeof(sockaddr_in6)));
  EXPECT_FALSE(is_tcp_address_length(0));
  EXPECT_FALSE(is_tcp_address_length(sizeof(sa_family_t)));  // an unnamed UNIX peer
  EXPECT_FALSE(is_tcp_address_length(sizeof(sockaddr_un)));
}

}  // namespace
}  // namespace keepalive
