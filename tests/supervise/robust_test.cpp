/// @file
/// The supervisor under load, in company, killed, and where the kernel does not let it.
#include <gmock/gmock.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/loopback.h"
#include "support/open_sockets.h"
#include "support/other_user.h"
#include "support/preload.h"
#include "support/requirements.h"
#include "support/supervised.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::HasSubstr;
using testing::MatchesRegex;

/// Accepts and closes what comes.
class Sink {
 public:
  Sink()
      : thread_([this] {
          while (!stopped_) Descriptor(accept(listener_.get(), nullptr, nullptr));
        }) {}
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink() {
    stopped_ = true;
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  [[nodiscard]] std::string port() const { return std::to_string(listener_.port()); }

 private:
  Listener listener_{1024};
  std::atomic<bool> stopped_{false};
  std::thread thread_;
};

std::string program(const char* name) { return programs + "/" + name; }

// The parent of the program's parent is the command: the supervisor stands between.
pid_t parent_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("PPid:", 0) == 0) return std::stoi(line.substr(5));
  }
  return 0;
}

TEST(SuperviseLoad, ConnectsOfManyProcessesKilledAtAnyMoment) {
  const Sink sink;
  const Outcome outcome =
      run({run_with_howto_values({"--supervise"}, {program("connect-storm"), "100000", "8", sink.port()}),
           {},
           "",
           std::chrono::seconds(120)});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(" 0 without"));
  std::printf("%s", outcome.out.c_str());
}

class SuperviseKilled : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(process_.wait_for_output("ready"));
    for (const pid_t member : group_members(process_.pid())) {
      if (member != process_.pid()) program_ = member;
    }
    ASSERT_GT(program_, 0);
    supervisor_ = parent_of(program_);
    ASSERT_EQ(parent_of(supervisor_), process_.pid());
  }

  static bool is_running(pid_t pid) { return kill(pid, 0) == 0 && parent_of(pid) != 0; }

  static void wait_for_end_of(pid_t pid) {
    for (int attempt = 0; attempt < 3000 && is_running(pid); ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_FALSE(is_running(pid));
  }

  static void wait_for_state(pid_t pid, char state) {
    const std::string wanted = std::string("State:\t") + state;
    std::string line;
    for (int attempt = 0; attempt < 3000 && line.rfind(wanted, 0) != 0; ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      std::ifstream status("/proc/" + std::to_string(pid) + "/status");
      while (std::getline(status, line) && line.rfind("State:", 0) != 0) {
      }
    }
    EXPECT_EQ(line.substr(0, wanted.size()), wanted);
  }

  const Listener listener_;
  Process process_{{run_with_howto_values({"--supervise"},
                                          {program("beyond-static"), "on-request", std::to_string(listener_.port())}),
                    {}}};
  pid_t program_ = -1;
  pid_t supervisor_ = -1;
};

// The kernel answers what nobody listens for: later connects fail, and none hangs.
TEST_F(SuperviseKilled, SupervisorThenConnectsFailAtOnce) {
  process_.write("\n");
  ASSERT_TRUE(process_.wait_for_output("0 Success\n"));
  kill(supervisor_, SIGKILL);
  wait_for_end_of(supervisor_);
  process_.write("\n");
  EXPECT_TRUE(process_.wait_for_output("-1 Function not implemented\n"));
  process_.close_input();
  EXPECT_EQ(process_.wait().status, 0);  // still that of the program
}

TEST_F(SuperviseKilled, SupervisorThenTheCommandStillStopsWithTheProgram) {
  kill(supervisor_, SIGKILL);
  wait_for_end_of(supervisor_);
  kill(program_, SIGSTOP);
  wait_for_state(process_.pid(), 'T');
  kill(program_, SIGKILL);
  kill(process_.pid(), SIGCONT);
  EXPECT_EQ(process_.wait().status, 128 + SIGKILL);
}

TEST_F(SuperviseKilled, CommandThenTheProgramIsKilledToo) {
  kill(process_.pid(), SIGKILL);
  EXPECT_EQ(process_.wait().status, 128 + SIGKILL);
  wait_for_end_of(program_);
  wait_for_end_of(supervisor_);
}

TEST_F(SuperviseKilled, ProgramThenAllEnds) {
  kill(program_, SIGKILL);
  EXPECT_EQ(process_.wait().status, 128 + SIGKILL);
  wait_for_end_of(supervisor_);
}

TEST_F(SuperviseKilled, SupervisorIsStoppedByNothingOnTheTerminal) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGQUIT}) kill(supervisor_, signal);
  process_.write("\n");
  EXPECT_TRUE(process_.wait_for_output("0 Success\n"));
}

TEST(SuperviseNested, TheInnerOneRunsTheProgramUnderTheOuterOne) {
  const Listener listener;
  const Process client(
      {run_with_howto_values({"--supervise"}, {keepalive_path, "run", "--supervise", program("beyond-static"), "client",
                                               std::to_string(listener.port())}),
       {}});
  const Descriptor connection = listener.accept();
  ASSERT_GE(connection.get(), 0);
  const auto socket = wait_for_tcp_socket(client.pid(), TCP_ESTABLISHED);
  ASSERT_TRUE(socket);
  EXPECT_EQ(options_text(*socket),
            "SO_KEEPALIVE=1 TCP_KEEPCNT=20 TCP_KEEPIDLE=180 TCP_KEEPINTVL=60 TCP_USER_TIMEOUT=0");
}

TEST(SuperviseNested, SaysSo) {
  const Outcome outcome =
      run({run_with_howto_values({"--supervise"}, {keepalive_path, "run", "--supervise", "sh", "-c", "exit 9"}), {}});
  EXPECT_EQ(outcome.status, 9);
  EXPECT_THAT(outcome.err, MatchesRegex("keepalive run: there is a supervisor above already: '.*/sh' runs under that "
                                        "one\n"));
}

/// A kernel that does not know a system call, by strace.
class SuperviseRefused : public testing::Test {
 protected:
  void SetUp() override { REQUIRE_PROGRAM("strace"); }

  static Outcome run_without(const std::string& call, const std::string& error) {
    std::vector<std::string> command{
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=" + call + ":error=" + error};
    for (const std::string& word : run_with_howto_values({"--supervise"}, {"true"})) command.push_back(word);
    return run({command, tolerant_sanitizer});
  }
};

TEST_F(SuperviseRefused, WithoutUserNotification) {
  const Outcome outcome = run_without("seccomp", "EINVAL");
  EXPECT_EQ(outcome.status, 125);
  EXPECT_EQ(
      outcome.err,
      "keepalive run: the kernel refuses to supervise (seccomp user notification, Linux 5.5): Invalid argument\n");
}

TEST_F(SuperviseRefused, WithoutPidfdGetfd) {
  for (const auto& [error, text] :
       {std::pair{"ENOSYS", "Function not implemented"}, std::pair{"EPERM", "Operation not permitted"}}) {
    const Outcome outcome = run_without("pidfd_getfd", error);
    EXPECT_EQ(outcome.status, 125);
    EXPECT_EQ(outcome.err,
              std::string("keepalive run: the kernel refuses the supervisor a look at the program (pidfd_getfd, Linux "
                          "5.6; needs kernel.yama.ptrace_scope below 2): ") +
                  text + "\n");
  }
}

// no_new_privs takes the rights of such a program away: said before it runs.
TEST(SuperviseSetuid, IsRefusedBeforeItRuns) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("setpriv");
  std::vector<std::string> command{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
  for (const std::string& word : run_with_howto_values({"--supervise"}, {"/usr/bin/passwd", "--help"})) {
    command.push_back(word);
  }
  const Outcome outcome = run({command, {}});
  EXPECT_EQ(outcome.status, 125);
  EXPECT_EQ(outcome.err,
            "keepalive run: '/usr/bin/passwd' is setuid: a supervisor takes its rights away; run it as root (--anyway "
            "runs it all the same)\n");
}

// As root no right is taken away: a daemon that has dropped its own may start a setuid program later.
TEST(SuperviseSetuid, RootKeepsTheRightsOfWhatItStarts) {
  REQUIRE_ROOT();
  const Outcome outcome =
      run({run_with_howto_values({"--supervise"}, {"grep", "NoNewPrivs", "/proc/self/status"}), {}});
  EXPECT_EQ(outcome.out, "NoNewPrivs:\t0\n");
}

/// `nobody` with a supervisor and a static program of its own: the folder of the build may not be open to it.
class SuperviseAsNobody : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_ROOT();
    REQUIRE_PROGRAM("setpriv");
    std::filesystem::copy_file(keepalive_path, folder_ / "keepalive");
    std::filesystem::copy_file(program("beyond-static"), folder_ / "beyond-static");
  }

  [[nodiscard]] Command client(const std::string& way) const {
    return {command_as_nobody({folder_ / "keepalive", "run", "--supervise", "--verbose", folder_ / "beyond-static", way,
                               std::to_string(listener_.port())}),
            {}};
  }

  const TemporaryFolder folder_;
  const Listener listener_;
};

// It runs on without keepalive, and --verbose says so.
TEST_F(SuperviseAsNobody, AProgramThatMayNotBeTracedGoesOn) {
  Process process(client("untraceable"));
  ASSERT_GE(listener_.accept().get(), 0);
  process.close_input();
  const Outcome outcome = process.wait();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.err, HasSubstr(": connect: descriptor 3: can't be looked at, errno 1\n"));
}

TEST_F(SuperviseAsNobody, ItsOwnProgramHasKeepalive) {
  const Process process(client("client"));
  const Descriptor connection = listener_.accept();
  ASSERT_GE(connection.get(), 0);
  const auto socket = wait_for_tcp_socket(process.pid(), TCP_ESTABLISHED);
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->keepalive, 1);
}

}  // namespace
