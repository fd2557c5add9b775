/// @file
/// Which processes `keepalive show` shows, what it does if they end meanwhile, and how many sockets they may have.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "show.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::MatchesRegex;
using testing::SizeIs;

class ShowProcessesTest : public ShowTest {};

TEST_F(ShowProcessesTest, WithoutArgumentsShowsAllProcesses) {
  REQUIRE_ROOT();
  const ConnectedNc one;
  const ConnectedNc two;
  const Outcome outcome = run_keepalive({"show", "--json"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.err, MatchesRegex(only_protected));
  const std::vector<JsonObject> objects = read_json(outcome.out);
  for (const ConnectedNc* nc : {&one, &two}) {
    EXPECT_EQ(with_value(objects, "pid", nc->target())["local_port"], std::to_string(nc->port));
  }
  EXPECT_FALSE(with_value(objects, "pid", std::to_string(getpid())).empty());
}

TEST_F(ShowProcessesTest, NamesAreThoseThatAUserWouldCallIt) {
  REQUIRE_ROOT();  // others may have processes of these names
  const ConnectedNc nc;
  const TemporaryFolder folder;
  const std::string script =
      folder.file("a-script-with-a-long-name", "#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/$1\nread line\n");
  const Process long_name({{script, std::to_string(nc.listener.port())}, {}});
  ASSERT_TRUE(wait_for_tcp_socket(long_name.pid(), TCP_ESTABLISHED));
  const auto finds = [](const std::string& name, pid_t pid) {
    const Outcome outcome = run_keepalive({"show", "--json", name});
    return outcome.status == 0 && !with_value(read_json(outcome.out), "pid", std::to_string(pid)).empty();
  };
  EXPECT_TRUE(finds("nc", nc.pid()));
  EXPECT_TRUE(finds(std::filesystem::canonical(find_program("nc")).filename(), nc.pid()));  // its file: nc.openbsd
  EXPECT_TRUE(finds("a-script-with-a", long_name.pid()));                                   // as the kernel cuts it
  EXPECT_TRUE(finds("bash", long_name.pid()));
  EXPECT_FALSE(finds("n", nc.pid()));
}

TEST_F(ShowProcessesTest, AProcessIsShownOnceHoweverOftenItIsNamed) {
  const ConnectedNc nc;
  EXPECT_THAT(read_json(run_keepalive({"show", "--json", nc.target(), nc.target()}).out), SizeIs(1));
}

TEST_F(ShowProcessesTest, WhatIsNotThereIsSaidAndTheRestShown) {
  const ConnectedNc nc;
  const Outcome outcome = run_keepalive({"show", "--json", "4194305", nc.target(), "no-such-name", ""});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err,
            "keepalive show: there is no process 4194305\n"
            "keepalive show: no process is named 'no-such-name'\n"
            "keepalive show: no process is named ''\n");
  EXPECT_THAT(read_json(outcome.out), SizeIs(1));
}

TEST_F(ShowProcessesTest, AnOperandThatIsACgroupIsRecognised) {
  for (const std::string operand : {"x.service", "a.slice", "self", "machine"}) {
    EXPECT_EQ(run_keepalive({"show", operand}).err,
              "keepalive show: no process is named '" + operand + "'; did you mean --cgroup " + operand + "?\n");
  }
  EXPECT_EQ(run_keepalive({"show", "\xe2\x88\x92wide"}).err,
            "keepalive show: no process is named '???wide'; it begins with a dash that is not the - of options\n");
  EXPECT_EQ(run_keepalive({"show", "no*"}).err,
            "keepalive show: no process is named 'no*'; patterns are not supported\n");
  EXPECT_EQ(run_keepalive({"show", "/no/such/file"}).err, "keepalive show: no process is named '/no/such/file'\n");
}

TEST_F(ShowProcessesTest, ANumberTooLargeForAProcessIsNone) {
  const std::string number = std::to_string(4294967296LL + getpid());
  for (const std::string& target : {number, std::string("99999999999999999999"), std::string("0")}) {
    EXPECT_EQ(run_keepalive({"show", target}).err, "keepalive show: there is no process " + target + "\n");
  }
}

TEST_F(ShowProcessesTest, NamesFromOutsideCanNotSpoilTheOutput) {
  const Listener listener;
  Process bash({{"bash", "-c",
                 "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(listener.port()) +
                     R"(; printf 'q"b\\e\033n\tt\303\244' > /proc/$$/comm; echo ready; read line)"},
                {}});
  ASSERT_TRUE(bash.wait_for_output("ready"));
  const std::vector<JsonObject> objects = shown(bash.pid());
  ASSERT_THAT(objects, SizeIs(1));
  EXPECT_EQ(objects[0].at("process"), "q\"b\\e?n?t??");
}

TEST_F(ShowProcessesTest, AProcessThatEndsMeanwhileIsNoError) {
  REQUIRE_PROGRAM("strace");
  const ConnectedNc nc;
  for (const char* injection : {"pidfd_open:error=ESRCH", "pidfd_getfd:error=ESRCH", "pidfd_getfd:error=EBADF"}) {
    const Outcome outcome = traced(injection, "show", nc.target());
    EXPECT_EQ(outcome.err, "keepalive show: no TCP sockets\n") << injection;
    EXPECT_EQ(outcome.status, 0) << injection;
  }
}

TEST_F(ShowProcessesTest, ProcessesThatComeAndGoAreNoErrors) {
  REQUIRE_ROOT();
  const Listener listener;
  const Process churn({{"bash", "-c",
                        "for worker in 1 2 3; do (while :; do (exec 3<>/dev/tcp/127.0.0.1/" +
                            std::to_string(listener.port()) + ") 2> /dev/null; done) & done; wait"},
                       {}});
  for (int i = 0; i < 60; ++i) {
    const Outcome outcome = run_keepalive({"show", "--json"});
    ASSERT_THAT(outcome.err, MatchesRegex(only_protected));
    ASSERT_EQ(outcome.status, 0);
    const Outcome named = run_keepalive({"show", "--json", "bash"});
    ASSERT_EQ(named.err, "");
    ASSERT_EQ(named.status, 0);
  }
}

TEST_F(ShowProcessesTest, ThousandsOfSocketsTakeNoThousandsOfDescriptors) {
  REQUIRE_PROGRAM("prlimit");
  REQUIRE_ROOT();
  Process python({{"prlimit", "--nofile=12000", "python3", "-c",
                   "import socket\n"
                   "sockets = [socket.socket() for _ in range(10000)]\n"
                   "print('ready', flush=True)\n"
                   "input()\n"},
                  {}});
  ASSERT_TRUE(python.wait_for_output("ready"));
  const auto start = std::chrono::steady_clock::now();
  const std::string target = std::to_string(python.pid());
  const Outcome show = run({{"prlimit", "--nofile=24", keepalive_path, "show", target}, {}});
  EXPECT_EQ(show.status, 0) << show.err;
  EXPECT_EQ(std::count(show.out.begin(), show.out.end(), '\n'), 10'001);
  const Outcome set = run({{"prlimit", "--nofile=24", keepalive_path, "set", "--idle", "77", target}, {}});
  EXPECT_EQ(set.status, 0) << set.err;
  EXPECT_EQ(std::count(set.out.begin(), set.out.end(), '\n'), 10'001);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

// --- threads ---

/// A Python program with a listener. A thread has descriptors of its own (unshare(2)), a connection among them.
class ShowThreadsTest : public ShowTest {
 protected:
  static std::string script(const std::string& main_thread_does) {
    return "import ctypes, socket, threading\n"
           "libc = ctypes.CDLL(None)\n"
           "listener = socket.create_server(('127.0.0.1', 0))\n"
           "def own():\n"
           "    global connection\n"
           "    assert libc.unshare(0x400) == 0\n"
           "    connection = socket.create_connection(listener.getsockname())\n"
           "    print('ready', flush=True)\n"
           "    input()\n"
           "thread = threading.Thread(target=own)\n"
           "thread.start()\n" +
           main_thread_does;
  }

  static void expect_listener_and_connection(const std::string& main_thread_does) {
    Process python({{"/usr/bin/python3", "-c", script(main_thread_does)}, {}});
    ASSERT_TRUE(python.wait_for_output("ready"));
    const std::string target = std::to_string(python.pid());
    std::vector<std::string> states;
    for (const JsonObject& object : shown(python.pid())) {
      states.push_back(object.at("state"));
      EXPECT_EQ(object.at("pid"), target);
    }
    EXPECT_THAT(states, testing::ElementsAre("LISTEN", "ESTAB"));  // the listener is in both tables
    const Outcome set = run_keepalive({"set", "--idle", "77", target});
    EXPECT_EQ(set.status, 0) << set.err;
    for (const JsonObject& object : shown(python.pid())) EXPECT_EQ(object.at("idle_s"), "77");
  }
};

TEST_F(ShowThreadsTest, DescriptorsOfAThreadsOwnAreReached) { expect_listener_and_connection("thread.join()\n"); }

// As in a container, where a seccomp filter refuses kcmp(2).
TEST_F(ShowThreadsTest, DescriptorsOfAThreadsOwnAreReachedWithoutKcmp) {
  REQUIRE_PROGRAM("strace");
  for (const std::string main_thread_does : {"thread.join()\n", "libc.pthread_exit(None)\n"}) {
    Process python({{"/usr/bin/python3", "-c", script(main_thread_does)}, {}});
    ASSERT_TRUE(python.wait_for_output("ready"));
    const Outcome outcome = traced("kcmp:error=EPERM", "show", std::to_string(python.pid()));
    EXPECT_EQ(outcome.err, "");
    EXPECT_THAT(outcome.out, testing::ContainsRegex("LISTEN.*\n.*ESTAB.*\n$"));
  }
}

TEST_F(ShowThreadsTest, AProcessWhoseMainThreadHasEndedIsReached) {
  expect_listener_and_connection("libc.pthread_exit(None)\n");
}

TEST_F(ShowThreadsTest, AKernelThatCanNotNameAThreadIsSaid) {
  REQUIRE_PROGRAM("strace");
  Process python({{"/usr/bin/python3", "-c", script("thread.join()\n")}, {}});
  ASSERT_TRUE(python.wait_for_output("ready"));
  const std::string target = std::to_string(python.pid());
  const Outcome outcome = traced("pidfd_open:error=EINVAL:when=2", "show", target);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, testing::HasSubstr("LISTEN"));
  EXPECT_THAT(outcome.err,
              MatchesRegex("keepalive show: process " + target +
                           " \\(python3.*\\) thread [0-9]+ cannot be inspected: this thread has descriptors of "
                           "its own; inspecting them needs Linux 6.9 or later\n"));
}

}  // namespace
