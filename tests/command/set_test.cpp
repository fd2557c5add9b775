/// @file
/// `keepalive set`: the values, on real programs and on the test's own sockets.
#include "set.h"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <array>

namespace {

using namespace support;
using testing::HasSubstr;

struct Row {
  std::vector<std::string> options;
  const char* after;  ///< options_of()
};

TEST_F(SetTest, EachOptionSetsItsValueAndNoOther) {
  const Listener listener;
  for (const Row& row : {
           Row{{}, "1 9 7200 75 0"},
           Row{{"--idle", "120"}, "1 9 120 75 0"},
           Row{{"--idle=2m"}, "1 9 120 75 0"},
           Row{{"--interval", "30s"}, "1 9 7200 30 0"},
           Row{{"--count", "4"}, "1 4 7200 75 0"},
           Row{{"--user-timeout", "1500ms"}, "1 9 7200 75 1500"},
           Row{{"--user-timeout", "30s"}, "1 9 7200 75 30000"},
           Row{{"--user-timeout", "auto"}, "1 9 7200 75 7875000"},
           Row{{"--idle", "120", "--interval", "30", "--count", "4", "--user-timeout", "auto"}, "1 4 120 30 240000"},
           Row{{"--idle", "32767", "--interval", "32767", "--count", "127", "--user-timeout", "2147483647ms"},
               "1 127 32767 32767 2147483647"},
       }) {
    const Descriptor fd = connect_to(listener.port());
    const Descriptor end = listener.accept();
    REQUIRE_OR_SKIP(options_of(fd.get()) == "0 9 7200 75 0", "this needs the system's values as the kernel has them");
    std::vector<std::string> arguments = row.options;
    arguments.insert(arguments.end(), {"--fd", std::to_string(fd.get()), own_pid});
    const Outcome outcome = set(arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, not_covered);
    EXPECT_EQ(options_of(fd.get()), row.after) << testing::PrintToString(row.options);
  }
}

TEST_F(SetTest, OffTurnsItOffAndTheValuesStay) {
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  ASSERT_EQ(set({"--idle", "120", "--count", "4", own_pid}).status, 0);
  const std::string on = options_of(fd.get());
  ASSERT_EQ(on[0], '1');
  const Outcome outcome = set({"--off", own_pid});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");  // nothing about new sockets
  const std::string after = options_of(fd.get());
  EXPECT_EQ(after[0], '0');
  EXPECT_EQ(after.substr(1), on.substr(1));
}

TEST_F(SetTest, ProgramsOfOthersGetItWithoutNotice) {
  const Listener listener;
  Process nc({{"nc", "127.0.0.1", std::to_string(listener.port())}, {}});
  const Descriptor end = listener.accept();
  const auto before = wait_for_tcp_socket(nc.pid(), TCP_ESTABLISHED);
  ASSERT_TRUE(before);
  EXPECT_EQ(set({"--idle", "120", "--interval", "30", "--count", "4", std::to_string(nc.pid())}).status, 0);
  const auto after = wait_for_tcp_socket(nc.pid(), TCP_ESTABLISHED);
  ASSERT_TRUE(after);
  EXPECT_EQ(options_text(*after), all_readme_options);
  const std::string line = run({{"ss", "-tnoH", "sport = :" + std::to_string(after->local_port)}, {}}).out;
  const auto timer = keepalive_timer_in(line);
  ASSERT_TRUE(timer) << line;
  EXPECT_LE(*timer, 136'000);
  // The connection goes on as before.
  nc.write("question\n");
  std::array<char, 9> question{};
  EXPECT_EQ(recv(end.get(), question.data(), question.size(), MSG_WAITALL), 9);
  ASSERT_EQ(send(end.get(), "answer\n", 7, 0), 7);
  EXPECT_TRUE(nc.wait_for_output("answer\n"));
}

TEST_F(SetTest, PrintsWhatWasBeforeAndAfter) {
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  REQUIRE_OR_SKIP(options_of(fd.get()) == "0 9 7200 75 0", "this needs the system's values as the kernel has them");
  const std::vector<std::string> arguments{
      "--idle", "2m", "--count", "4", "--user-timeout", "auto", "--fd", std::to_string(fd.get()), own_pid};
  std::string row = set(arguments).out;
  row = row.substr(row.find('\n') + 1);
  EXPECT_THAT(row, HasSubstr("  off -> 2m+4x75s  - -> 7m\n"));
  std::string again = set(arguments).out;
  again = again.substr(again.find('\n') + 1);
  EXPECT_THAT(again, testing::ContainsRegex("  2m[+]4x75s +7m\n"));
  std::string off = set({"--off", own_pid}).out;
  EXPECT_THAT(off, HasSubstr("  2m+4x75s -> off"));
}

TEST_F(SetTest, WideHasAColumnForEachValue) {
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  REQUIRE_OR_SKIP(options_of(fd.get()) == "0 9 7200 75 0", "this needs the system's values as the kernel has them");
  const std::string out = set({"--idle", "2m", "--count", "4", "--user-timeout", "auto", "--wide", "--fd",
                               std::to_string(fd.get()), own_pid})
                              .out;
  EXPECT_THAT(out, HasSubstr("KEEPALIVE   COUNT           IDLE  INTERVAL   USER-TIMEOUT\n"));
  EXPECT_THAT(out, HasSubstr("  off -> on  9 -> 4  7200s -> 120s       75s  - -> 420000ms\n"));
}

TEST_F(SetTest, ADryRunShowsTheSameAndChangesNothing) {
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  for (const auto& options : std::vector<std::vector<std::string>>{
           {"--idle", "2m", "--user-timeout", "auto"}, {"--count", "4", "--interval", "7"}, {"--off"}, {}}) {
    std::vector<std::string> arguments = options;
    arguments.insert(arguments.end(), {"--fd", std::to_string(fd.get()), own_pid});
    const std::string before = options_of(fd.get());
    std::vector<std::string> dry = arguments;
    dry.insert(dry.begin(), "--dry-run");
    const Outcome outcome = set(dry);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "keepalive set: a dry run, nothing was changed\n");
    EXPECT_EQ(options_of(fd.get()), before);
    EXPECT_EQ(set(arguments).out, outcome.out);
  }
}

TEST_F(SetTest, WhatAListenerAcceptsFromThenOnInherits) {
  const Process server({{"socat", "TCP-LISTEN:0,bind=127.0.0.1,fork", "PIPE"}, {}});
  const auto listening = wait_for_tcp_socket(server.pid(), TCP_LISTEN);
  ASSERT_TRUE(listening);
  EXPECT_EQ(set({"--idle", "120", "--interval", "30", "--count", "4", std::to_string(server.pid())}).status, 0);
  const Descriptor connection = connect_to(listening->local_port);
  ASSERT_GE(connection.get(), 0);
  const auto accepted = wait_for_tcp_socket(server.pid(), TCP_ESTABLISHED);
  ASSERT_TRUE(accepted);
  EXPECT_EQ(options_text(*accepted), all_readme_options);
}

TEST_F(SetTest, RefusesAWrongCommandLineBeforeAnythingIsSet) {
  const std::string see = "; see keepalive set --help";
  const std::string address = "': not a numeric address, as in 10.1.2.3, 10.1.2.3:5432, [fd00::1]:5432";
  const Listener listener;
  const Descriptor fd = connect_to(listener.port());
  for (const auto& [options, message] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--unknown"}, "unknown option --unknown" + see},
           {{"--force"}, "unknown option --force" + see},
           {{"--off=1"}, "--off takes no value" + see},
           {{"--idle", "0"},
            "--idle '0': not a whole number of seconds from 1 to 32767, or a time such as 90s, 2m, 1h"},
           {{"--off", "--idle", "5"}, "--off cannot be combined with values"},
           {{"--user-timeout", "auto", "--off"}, "--off cannot be combined with values"},
           {{"--port", "0"}, "--port '0': not a whole number from 1 to 65535"},
           {{"--fd", "-1"}, "--fd '-1': not a whole number from 0 to 2147483647"},
           {{"--peer", "example.org"}, "--peer 'example.org" + address},
           {{"--peer", "10.1.2.3:65536"}, "--peer '10.1.2.3:65536': its port is not a whole number from 1 to 65535"},
       }) {
    std::vector<std::string> arguments = options;
    arguments.push_back(own_pid);
    EXPECT_EQ(failure_of(set(arguments)), "2: keepalive set: " + message + "\n");
  }
  EXPECT_EQ(failure_of(set({})), "2: keepalive set: missing PID, NAME or --cgroup TARGET; see keepalive set --help\n");
  EXPECT_EQ(failure_of(set({own_pid, "--idle"})), "2: keepalive set: --idle needs a value" + see + "\n");
  EXPECT_EQ(options_of(fd.get())[0], '0');
}

}  // namespace
