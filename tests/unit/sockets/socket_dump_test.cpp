#include "command/sockets/socket_dump.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "support/loopback.h"

namespace keepalive::command {
namespace {

using namespace std::chrono_literals;

unsigned long inode_of(int fd) {
  struct stat file {};
  return fstat(fd, &file) == 0 ? file.st_ino : 0;
}

TEST(SocketDump, HasTheTimerOfEachSocket) {
  const support::Listener listener;
  const Descriptor with = support::connect_to(listener.port());
  const Descriptor without = support::connect_to(listener.port());
  const int on = 1;
  const int idle = 100;
  ASSERT_EQ(setsockopt(with.get(), IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle), 0);
  ASSERT_EQ(setsockopt(with.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on), 0);

  const SocketDump dump = dump_sockets();
  ASSERT_EQ(dump.count(inode_of(with.get())), 1U);
  ASSERT_EQ(dump.count(inode_of(without.get())), 1U);
  EXPECT_EQ(dump.at(inode_of(with.get())).timer.kind, Timer::Kind::keepalive);
  EXPECT_GT(dump.at(inode_of(with.get())).timer.expires, 60s);
  EXPECT_LE(dump.at(inode_of(with.get())).timer.expires, 115s);  // an eighth late, at most
  EXPECT_EQ(dump.at(inode_of(without.get())).timer.kind, Timer::Kind::none);
}

}  // namespace
}  // namespace keepalive::command
