#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <map>

#include "keepalive/apply.h"
#include "keepalive/descriptor.h"

namespace keepalive {
namespace {

// What the user asked for.
Settings settings_with(const std::map<int, int>& values) {
  Settings settings;
  for (const auto& [number, value] : values) settings.values.at(option_index(number)) = value;
  return settings;
}

const Settings three_values = settings_with({{TCP_KEEPCNT, 20}, {TCP_KEEPIDLE, 180}, {TCP_KEEPINTVL, 60}});

class UnsetTest : public testing::Test {
 protected:
  [[nodiscard]] int fd() const { return socket_.get(); }

  void set(int level, int name, int value) const { ASSERT_EQ(setsockopt(fd(), level, name, &value, sizeof value), 0); }

  [[nodiscard]] int get(int level, int name) const {
    int value = -1;
    socklen_t size = sizeof value;
    EXPECT_EQ(getsockopt(fd(), level, name, &value, &size), 0);
    return value;
  }

  void expect_timers(int count, int idle, int interval) const {
    EXPECT_EQ(get(SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(get(IPPROTO_TCP, TCP_KEEPCNT), count);
    EXPECT_EQ(get(IPPROTO_TCP, TCP_KEEPIDLE), idle);
    EXPECT_EQ(get(IPPROTO_TCP, TCP_KEEPINTVL), interval);
  }

 private:
  Descriptor socket_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

TEST_F(UnsetTest, ASocketWithoutKeepaliveGetsAll) {
  set(IPPROTO_TCP, TCP_KEEPIDLE, 33);
  EXPECT_TRUE(give_if_unset(fd(), three_values, ::setsockopt));
  expect_timers(20, 180, 60);
}

TEST_F(UnsetTest, ASocketWithTheSystemsTimersGetsTheValues) {
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  Given given;
  EXPECT_TRUE(give_if_unset(fd(), three_values, ::setsockopt, &given));
  expect_timers(20, 180, 60);
  EXPECT_EQ(given.settings.values, three_values.values);
}

TEST_F(UnsetTest, WhatTheProgramHasSetStands) {
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 33);
  Given given;
  EXPECT_TRUE(give_if_unset(fd(), three_values, ::setsockopt, &given));
  expect_timers(20, 33, 60);
  EXPECT_EQ(given.settings.values, settings_with({{TCP_KEEPCNT, 20}, {TCP_KEEPINTVL, 60}}).values);
}

TEST_F(UnsetTest, NothingIsGivenIfNothingIsMissing) {
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 33);
  EXPECT_FALSE(give_if_unset(fd(), settings_with({{TCP_KEEPIDLE, 180}}), ::setsockopt));
  EXPECT_FALSE(give_if_unset(fd(), Settings{}, ::setsockopt));
  EXPECT_FALSE(give_if_unset(fd(), settings_with({{TCP_KEEPIDLE, 33}}), ::setsockopt));
  expect_timers(9, 33, 75);
}

TEST_F(UnsetTest, AutoIsComputedFromWhatTheSocketEndsUpWith) {
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 33);
  Settings settings = three_values;
  settings.automatic_timeout = true;
  settings.values.at(option_index(TCP_USER_TIMEOUT)) = milliseconds_until_dead(180, 60, 20);
  EXPECT_TRUE(give_if_unset(fd(), settings, ::setsockopt));
  EXPECT_EQ(get(IPPROTO_TCP, TCP_USER_TIMEOUT), milliseconds_until_dead(33, 60, 20));
}

TEST_F(UnsetTest, AUserTimeoutOfTheProgramStands) {
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 44000);
  for (const int asked : {7000, automatic_value}) {
    EXPECT_FALSE(give_if_unset(fd(), settings_with({{TCP_USER_TIMEOUT, asked}}), ::setsockopt));
    EXPECT_EQ(get(IPPROTO_TCP, TCP_USER_TIMEOUT), 44000);
  }
}

TEST_F(UnsetTest, CoverageTellsOurSocketsFromOthers) {
  EXPECT_EQ(coverage(fd(), three_values), Coverage::unclear);
  EXPECT_EQ(coverage(fd(), Settings{}), Coverage::unclear);
  apply(fd(), three_values, ::setsockopt);
  EXPECT_EQ(coverage(fd(), three_values), Coverage::complete);
  EXPECT_EQ(coverage(fd(), Settings{}), Coverage::complete);
  EXPECT_EQ(coverage(fd(), settings_with({{TCP_KEEPCNT, 21}})), Coverage::unclear);
  EXPECT_EQ(coverage(fd(), settings_with({{TCP_KEEPCNT, 20}})), Coverage::complete);
  const Settings automatic = settings_with({{TCP_USER_TIMEOUT, automatic_value}});
  EXPECT_EQ(coverage(fd(), automatic), Coverage::unclear);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 5);
  EXPECT_EQ(coverage(fd(), automatic), Coverage::complete);
}

// A socket that nobody has changed has the values of these settings.
TEST_F(UnsetTest, CoverageAsksForKeepaliveIfTheKernelsDefaultIsGiven) {
  for (const Settings& settings : {settings_with({{TCP_KEEPIDLE, 7200}}), settings_with({{TCP_KEEPINTVL, 75}}),
                                   settings_with({{TCP_KEEPIDLE, 7200}, {TCP_KEEPCNT, 20}})}) {
    const Descriptor unchanged(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(coverage(unchanged.get(), settings), Coverage::unclear);
    apply(unchanged.get(), settings, ::setsockopt);
    EXPECT_EQ(coverage(unchanged.get(), settings), Coverage::complete);
  }
}

TEST_F(UnsetTest, CoverageKnowsUnixSockets) {
  const Descriptor unix_socket(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  for (const int number : {TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL}) {
    EXPECT_EQ(coverage(unix_socket.get(), settings_with({{number, 5}})), Coverage::not_tcp);
  }
}

}  // namespace
}  // namespace keepalive
