#include "command/sockets/timers.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace keepalive::command
