/// @file
/// What the tests of `keepalive show` share: a program that is shown, and its fixture.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "others.h"
#include "support/open_sockets.h"

namespace support {

class ShowTest : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_RIGHT_TO_LOOK();
    for (const char* program : {"nc", "socat", "ss", "python3", "/usr/bin/python3"}) REQUIRE_PROGRAM(program);
  }
};

inline const Environment all_values{
    {"KEEPIDLE", "180"}, {"KEEPINTVL", "60"}, {"KEEPCNT", "20"}, {"KEEPALIVE_USER_TIMEOUT", "30000"}};

/// nc, connected with the test.
struct ConnectedNc {
  explicit ConnectedNc(const Environment& environment = {})
      : process({{"nc", "127.0.0.1", std::to_string(listener.port())}, environment}), end(listener.accept()) {
    const auto socket = wait_for_tcp_socket(process.pid(), TCP_ESTABLISHED);
    EXPECT_TRUE(socket);
    if (socket) fd = socket->fd;
    if (socket) port = socket->local_port;
  }

  [[nodiscard]] pid_t pid() const { return process.pid(); }
  [[nodiscard]] std::string target() const { return std::to_string(process.pid()); }

  Listener listener;
  Process process;
  Descriptor end;  ///< ours
  int fd = -1;     ///< its descriptor
  int port = 0;    ///< its port
};

inline std::string ss(const std::string& filter) { return run({{"ss", "-tanoH", filter}, {}}).out; }

/// The command under strace(1), which makes system calls fail.
inline Outcome traced(const std::string& injection, const std::string& subcommand, const std::string& target) {
  return run(
      {{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=" + injection, keepalive_path, subcommand, target},
       {{"ASAN_OPTIONS", "detect_leaks=0"}}});
}

// A security module may keep root from processes. There is no other reason.
inline constexpr char only_protected[] =
    "(keepalive show: process(es)? .* cannot be inspected: .*; this command has CAP_SYS_PTRACE, so a security module "
    ".*\n)?";

}  // namespace support
