/// @file
/// The supervisor's processes and the program are killed, at any moment.
#include <atomic>
#include <thread>

#include "supervise/supervised_program.h"
#include "support/requirements.h"

namespace {

using namespace support;

class SuperviseKilled : public SupervisedProgram {};

// Without a supervisor the kernel answers stopped calls itself: later calls fail, and no call hangs.
TEST_F(SuperviseKilled, GuardThenSocketsFailAtOnce) {
  expect_connection("0 Success\n");
  kill(guard_, SIGKILL);
  ASSERT_TRUE(eventually([&] { return !is_running(guard_); }));
  expect_connection("-1 Function not implemented\n");
  process_.close_input();
  EXPECT_EQ(process_.wait().status, 0);
}

TEST_F(SuperviseKilled, GuardThenTheWorkerEndsToo) {
  const pid_t worker_before = worker();
  kill(guard_, SIGKILL);
  EXPECT_TRUE(eventually([&] { return !is_running(worker_before); }));
}

TEST_F(SuperviseKilled, WorkerThenAnotherTakesItsPlace) {
  for (int i = 0; i < 30; ++i) {
    const pid_t before = worker();
    ASSERT_GT(before, 0);
    kill(before, SIGKILL);
    expect_connection("0 Success\n");
    ASSERT_TRUE(eventually([&] { return worker() > 0 && worker() != before; })) << i;
  }
}

TEST_F(SuperviseKilled, ProgramThenAllEnds) {
  const pid_t worker_before = worker();
  kill(process_.pid(), SIGKILL);
  EXPECT_EQ(process_.wait().status, 128 + SIGKILL);
  EXPECT_TRUE(eventually([&] { return !is_running(guard_) && !is_running(worker_before); }));
}

TEST_F(SuperviseKilled, NothingOnATerminalEndsTheSupervisor) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGQUIT, SIGPIPE, SIGXCPU}) {
    kill(guard_, signal);
    kill(worker(), signal);
  }
  expect_connection("0 Success\n");
}

// No call fails and none hangs, though a worker is killed in the middle of calls all the time.
TEST(SuperviseWorker, IsKilledAgainAndAgain) {
  Process process({run_with_howto_values({"--supervise"}, {programs + "/handed-over", "events", "20000", "0"}), {}});
  std::atomic<bool> has_ended{false};
  long kills = 0;
  std::thread killer([&] {
    while (!has_ended) {
      for (const pid_t guard : supervisors_of(process.pid())) {
        for (const pid_t worker : children_of(guard)) kills += kill(worker, SIGKILL) == 0 ? 1 : 0;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  const Outcome outcome = process.wait();
  has_ended = true;
  killer.join();
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_GT(kills, 3);
  std::printf("%ld workers killed\n", kills);
}

pid_t worker_of(pid_t program) {
  for (const pid_t guard : supervisors_of(program)) {
    for (const pid_t worker : children_of(guard)) return worker;
  }
  return 0;
}

// The program's limits hold for the supervisor too. No program here uses a second. But the worker, which serves them
// all, does after some of them: the kernel kills it.
TEST(SuperviseWorker, SurvivesALimitOfProcessorTime) {
  const std::string script = R"(echo ready; while read line; do "$0" events 20000 0 || exit 1; echo $line; done)";
  Process process({{"sh", "-c", R"(ulimit -t 1; exec "$0" run --supervise sh -c "$1" "$2")", keepalive_path, script,
                    programs + "/handed-over"},
                   {},
                   "",
                   std::chrono::seconds(120)});
  ASSERT_TRUE(process.wait_for_output("ready\n"));
  const pid_t before = eventually([&] { return worker_of(process.pid()); });
  ASSERT_GT(before, 0);
  bool is_killed = false;
  for (int round = 0; round < 40 && !is_killed; ++round) {
    const std::string line = "round " + std::to_string(round) + "\n";
    process.write(line);
    ASSERT_TRUE(process.wait_for_output(line)) << process.output();
    is_killed = worker_of(process.pid()) != before;
  }
  EXPECT_TRUE(is_killed);
  process.close_input();
  EXPECT_EQ(process.wait().status, 0);
}

}  // namespace
