#include "command/sockets/socket_dump.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support/loopback.h"

namespace keepalive::command {
namespace {

using namespace std::chrono_literals;

TEST(SocketDump, HasTheTimerOfEachSocket) {
  const support::Listener listener;
  const Descriptor with = support::connect_to(listener.port());
  const Descriptor without = support::connect_to(listener.port());
  const int on = 1;
  const int idle = 100;
  ASSERT_EQ(setsockopt(with.get(), IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle), 0);
  ASSERT_EQ(setsockopt(with.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on), 0);

  SocketDumps dumps;
  const DumpedSocket* const found = dumps.find(with.get());
  const DumpedSocket* const other = dumps.find(without.get());
  ASSERT_NE(found, nullptr);
  ASSERT_NE(other, nullptr);
  EXPECT_EQ(found->timer.kind, Timer::Kind::keepalive);
  EXPECT_GT(found->timer.expires, 60s);
  EXPECT_LE(found->timer.expires, 115s);  // an eighth late, at most
  EXPECT_EQ(other->timer.kind, Timer::Kind::none);
}

}  // namespace
}  // namespace keepalive::command
