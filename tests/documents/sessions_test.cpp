/// @file
/// Runs the sessions of the documents as they are written. Each session runs in new namespaces: its ports are free,
/// there are no other processes, and the system's values are the kernel's defaults.
#include "sessions.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <regex>

#include "support/preload.h"
#include "support/requirements.h"
#include "support/test_cgroup.h"

namespace {

using namespace documents;
using namespace support;
namespace fs = std::filesystem;

// After a command in the background, the session goes on when the program has a socket and all connections are
// accepted.
constexpr char settle[] = R"(
while kill -0 $! && ! { ss -Htanp | grep -q "pid=$!," && ! ss -Htnp state established | grep -qv users; }; do
  sleep 0.01
done
)";

std::string script_of(const Session& session) {
  std::string script = "exec 2>&1\nip link set lo up\n";
  for (const std::string& command : session.commands) {
    script += command + "\n";
    if (command.back() == '&') script += settle;
  }
  return script;
}

// The text as a regular expression in which only `...` is special.
std::regex pattern_of(const std::string& text) {
  static const std::regex special(R"([.^$|()\[\]{}*+?\\])");
  const std::string literal = std::regex_replace(text, special, R"(\$&)");
  return std::regex(std::regex_replace(literal, std::regex(R"(\\\.\\\.\\\.)"), "[^\n]*"));
}

std::vector<std::string> on_a_machine_of_its_own(const std::vector<std::string>& command) {
  std::vector<std::string> whole{KEEPALIVE_UNSHARE, "--net", "--pid", "--fork", "--kill-child", "--mount-proc"};
  if (geteuid() != 0) whole.emplace_back("--map-root-user");
  whole.emplace_back("--");
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

// As on a machine where the product is installed: the library is found by its name, programs through PATH.
Environment installed() {
  return {{"LD_LIBRARY_PATH", fs::path(library).parent_path().string()},
          {"PATH",
           fs::path(check).parent_path().string() + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}};
}

constexpr std::array documents_with_sessions{"README.md", "docs/seeing-it-work.md", "docs/keepalive.1",
                                             "docs/keepalive-check.1", "docs/libkeepalive.7"};

// These run as a service in a cgroup.
bool attaches(const Session& session) {
  return std::any_of(session.commands.begin(), session.commands.end(),
                     [](const std::string& command) { return command.rfind("keepalive attach", 0) == 0; });
}

std::vector<Session> sessions_that(bool attach) {
  std::vector<Session> all;
  for (const char* document : documents_with_sessions) {
    const std::vector<Session> found = sessions_in(document);
    std::copy_if(found.begin(), found.end(), std::back_inserter(all),
                 [attach](const Session& session) { return attaches(session) == attach; });
  }
  return all;
}

std::string name_of_test(const testing::TestParamInfo<Session>& row) {
  return test_name(row.param.document) + "Line" + std::to_string(row.param.line);
}

class SessionTest : public testing::TestWithParam<Session> {};

INSTANTIATE_TEST_SUITE_P(Documents, SessionTest, testing::ValuesIn(sessions_that(false)), name_of_test);

// A cgroup namespace, and this process as one of a service in it.
constexpr char as_a_service[] = R"(
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /sys/fs/cgroup/system.slice/legacy.service
echo $$ > /sys/fs/cgroup/system.slice/legacy.service/cgroup.procs
)";

class ServiceSessionTest : public testing::TestWithParam<Session> {};

INSTANTIATE_TEST_SUITE_P(Documents, ServiceSessionTest, testing::ValuesIn(sessions_that(true)), name_of_test);

TEST_P(ServiceSessionTest, RunsAsWritten) {
  REQUIRE_CGROUP_BPF();
  for (const char* program : {"unshare", "ip", "ss", "nc"}) REQUIRE_PROGRAM(program);
  const TestCgroup cgroup;
  const std::vector<std::string> session{"bash", "-c", as_a_service + script_of(GetParam())};
  const Outcome outcome =
      run({cgroup.inside(joined({"unshare", "--cgroup"}, on_a_machine_of_its_own(session))), installed()});
  EXPECT_TRUE(std::regex_match(outcome.out, pattern_of(GetParam().output))) << "expected:\n"
                                                                            << GetParam().output << "printed:\n"
                                                                            << outcome.out;
}

TEST_P(SessionTest, RunsAsWritten) {
  for (const char* program : {"unshare", "ip", "ss", "nc", "python3"}) REQUIRE_PROGRAM(program);
  REQUIRE_OR_SKIP(run({on_a_machine_of_its_own({"true"}), {}}).status == 0,
                  "this needs to be allowed to make namespaces");

  const Outcome outcome = run({on_a_machine_of_its_own({"bash", "-c", script_of(GetParam())}), installed()});
  EXPECT_TRUE(std::regex_match(outcome.out, pattern_of(GetParam().output))) << "expected:\n"
                                                                            << GetParam().output << "printed:\n"
                                                                            << outcome.out;
}

TEST(Sessions, AreInEachDocument) {
  for (const char* document : documents_with_sessions) EXPECT_FALSE(sessions_in(document).empty()) << document;
}

TEST(Sessions, AreThePlainTextOfLiteralDisplays) {
  EXPECT_EQ(unescaped(R"(\&... keepalive \-\-help \(aqa\(aq \en)"), R"(... keepalive --help 'a' \n)");
}

}  // namespace
