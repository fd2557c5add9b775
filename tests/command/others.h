/// @file
/// Other processes, and what other tools tell of their sockets.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "support/keepalive_command.h"
#include "support/loopback.h"
#include "support/requirements.h"

namespace support {

/// Whether Yama keeps users from looking at their own processes (Documentation/admin-guide/LSM/Yama.rst).
inline bool yama_forbids() {
  int scope = 0;
  std::ifstream("/proc/sys/kernel/yama/ptrace_scope") >> scope;
  return scope > 0;
}

#define REQUIRE_RIGHT_TO_LOOK() \
  REQUIRE_OR_SKIP(geteuid() == 0 || !support::yama_forbids(), "this needs root where Yama restricts ptrace")

/// An object of `show --json`: values as Python prints them.
using JsonObject = std::map<std::string, std::string>;

/// What Python's json module reads in the text.
inline std::vector<JsonObject> read_json(const std::string& text) {
  Process python({{"python3", "-c",
                   "import json, sys\n"
                   "for row in json.load(sys.stdin):\n"
                   "    print(*(f'{key}={value}' for key, value in row.items()), sep='\\t')\n"},
                  {}});
  python.write(text);
  python.close_input();
  const Outcome outcome = python.wait();
  EXPECT_EQ(outcome.status, 0) << outcome.err << "in:\n" << text;
  std::vector<JsonObject> objects;
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    objects.emplace_back();
    for (std::string field; std::getline(fields, field, '\t');) {
      objects.back()[field.substr(0, field.find('='))] = field.substr(field.find('=') + 1);
    }
  }
  return objects;
}

/// The sockets of a process as `show --json` has them.
inline std::vector<JsonObject> shown(pid_t pid) {
  const Outcome outcome = run_keepalive({"show", "--json", std::to_string(pid)});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  return read_json(outcome.out);
}

/// The one with this value; empty if there is none.
inline JsonObject with_value(const std::vector<JsonObject>& objects, const std::string& key, const std::string& value) {
  for (const JsonObject& object : objects) {
    if (object.at(key) == value) return object;
  }
  return {};
}

inline JsonObject shown(pid_t pid, int fd) { return with_value(shown(pid), "fd", std::to_string(fd)); }

/// The milliseconds in `timer:(keepalive,1min58sec,0)` as ss(8) writes it; none if there is no such timer.
inline std::optional<long> keepalive_timer_in(const std::string& line) {
  static const std::regex timer(R"(timer:\(keepalive,(?:([0-9]+)min)?(?:([0-9]+)(?:sec|\.))?(?:([0-9]+)ms)?,)");
  std::smatch part;
  if (!std::regex_search(line, part, timer)) return std::nullopt;
  const auto number = [&](std::size_t i) { return part[i].matched ? std::stol(part[i]) : 0; };
  return (number(1) * 60 + number(2)) * 1000 + number(3);
}

/// TCP options of a socket of this process: `1 9 7200 75 0`: keepalive, count, idle, interval, user timeout.
inline std::string options_of(int fd) {
  std::string text;
  const auto add = [&](int level, int option) {
    int value = -1;
    socklen_t size = sizeof value;
    getsockopt(fd, level, option, &value, &size);
    if (!text.empty()) text += ' ';
    text += std::to_string(value);
  };
  add(SOL_SOCKET, SO_KEEPALIVE);
  for (const int option : {TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_USER_TIMEOUT}) add(IPPROTO_TCP, option);
  return text;
}

}  // namespace support
