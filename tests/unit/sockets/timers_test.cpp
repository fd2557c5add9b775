#include "command/sockets/timers.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "support/loopback.h"

namespace keepalive::command {
namespace {

using namespace std::chrono_literals;
using Kind = Timer::Kind;

ProbeClock silent(std::chrono::seconds idle, std::chrono::seconds interval, std::chrono::milliseconds silence) {
  ProbeClock clock;
  clock.idle = idle;
  clock.interval = interval;
  clock.silence = silence;
  return clock;
}

const ProbeClock silent_for_10_of_60 = silent(60s, 20s, 10s);

ProbeClock with_timer(Kind kind, std::chrono::milliseconds expires, ProbeClock clock = silent_for_10_of_60) {
  clock.timer = Timer{kind, expires};
  return clock;
}

TEST(TimeToNextProbe, IsWhatTheKernelsTimerSays) {
  EXPECT_EQ(time_to_next_probe(with_timer(Kind::keepalive, 50s)), 50s);
  EXPECT_EQ(time_to_next_probe(with_timer(Kind::keepalive, 52s)), 52s);  // the kernel's timers may be late
}

// The kernel does not move its timer with each packet: if it fires too early, the kernel only sets it anew.
TEST(TimeToNextProbe, IsNotBeforeTheSilenceIsLongEnough) {
  EXPECT_EQ(time_to_next_probe(with_timer(Kind::keepalive, 5s)), 50s);
  EXPECT_EQ(time_to_next_probe(with_timer(Kind::keepalive, 0s)), 50s);
}

TEST(TimeToNextProbe, IsTheTimersAloneOnceProbesGoUnanswered) {
  ProbeClock clock = silent(60s, 20s, 70s);
  clock.unanswered_probes = 1;
  EXPECT_EQ(time_to_next_probe(with_timer(Kind::keepalive, 10s, clock)), 10s);
  clock.silence = 61s;
  clock.idle = 90s;  // set after the first probes
  EXPECT_EQ(time_to_next_probe(with_timer(Kind::keepalive, 10s, clock)), 10s);
}

TEST(TimeToNextProbe, ThereIsNoneWhileAnotherTimerRuns) {
  for (const Kind kind : {Kind::none, Kind::retransmission, Kind::time_wait, Kind::window_probe}) {
    EXPECT_EQ(time_to_next_probe(with_timer(kind, 5s)), std::nullopt);
  }
}

TEST(TimeToNextProbe, ThereIsNoneWhileDataIsUnacknowledged) {
  ProbeClock clock = silent_for_10_of_60;
  clock.has_unacknowledged_data = true;
  EXPECT_EQ(time_to_next_probe(clock), std::nullopt);
  EXPECT_EQ(time_to_next_probe(with_timer(Kind::keepalive, 5s, clock)), std::nullopt);
}

TEST(TimeToNextProbe, IsEstimatedFromTheSilenceWhereTheTimerIsNotKnown) {
  EXPECT_EQ(time_to_next_probe(silent_for_10_of_60), 50s);
  EXPECT_EQ(time_to_next_probe(silent(60s, 20s, 0s)), 60s);
  EXPECT_EQ(time_to_next_probe(silent(60s, 20s, 59'999ms)), 1ms);
  // The first probe went out after the idle time, the others follow each interval.
  EXPECT_EQ(time_to_next_probe(silent(60s, 20s, 60s)), 20s);
  EXPECT_EQ(time_to_next_probe(silent(60s, 20s, 75s)), 5s);
  EXPECT_EQ(time_to_next_probe(silent(60s, 20s, 85s)), 15s);
}

TEST(TimeToNextProbe, ThereIsNoEstimateWithoutTheValues) {
  EXPECT_EQ(time_to_next_probe(silent(60s, 0s, 75s)), std::nullopt);
  // A kernel that does not tell the values of MPTCP sockets.
  EXPECT_EQ(time_to_next_probe(silent(-1s, -1s, 75s)), std::nullopt);
  EXPECT_EQ(time_to_next_probe(silent(-1s, -1s, 0s)), std::nullopt);
}

unsigned long inode_of(int fd) {
  struct stat file {};
  return fstat(fd, &file) == 0 ? file.st_ino : 0;
}

TEST(Timers, TellWhatTheKernelWaitsForOnEachSocket) {
  const support::Listener listener;
  const Descriptor with = support::connect_to(listener.port());
  const Descriptor without = support::connect_to(listener.port());
  const int on = 1;
  const int idle = 100;
  ASSERT_EQ(setsockopt(with.get(), IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle), 0);
  ASSERT_EQ(setsockopt(with.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on), 0);

  const Timers timers = read_timers();
  ASSERT_EQ(timers.count(inode_of(with.get())), 1U);
  ASSERT_EQ(timers.count(inode_of(without.get())), 1U);
  EXPECT_EQ(timers.at(inode_of(with.get())).kind, Kind::keepalive);
  EXPECT_GT(timers.at(inode_of(with.get())).expires, 60s);
  EXPECT_LE(timers.at(inode_of(with.get())).expires, 115s);  // an eighth late, at most
  EXPECT_EQ(timers.at(inode_of(without.get())).kind, Kind::none);
}

}  // namespace
}  // namespace keepalive::command
