/// @file
/// The examples for systemd: a real systemd, the first process of a private root, reads them.
#include <gmock/gmock.h>

#include <regex>

#include "examples.h"
#include "support/keepalive_command.h"
#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;

const std::string one_service = "systemd/10-keepalive.conf";
const std::string one_service_by_run = "systemd/10-keepalive-run.conf";
const std::string all_services = "systemd/20-keepalive-all-services.conf";

class SystemdExample : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_ROOT();
    REQUIRE_PROGRAM("systemctl");
  }

  // The service's end if these files, `PLACE=TEXT`, are in /etc/systemd.
  static Outcome outcome_with(const std::vector<std::string>& files) {
    const std::vector<std::string> systemd{examples::tests + "examples/private-systemd", library, check};
    return run({joined(systemd, files), {{"COMMAND", keepalive_path}}});
  }

  // What the service prints then, if it prints no error.
  static std::string printed_with(const std::vector<std::string>& files) {
    const Outcome outcome = outcome_with(files);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "");
    return outcome.out;
  }

  static std::string addition(const std::string& service, const std::string& text) {
    return "system/" + service + ".d/10-keepalive.conf=" + text;
  }
};

constexpr char off[] = "SO_KEEPALIVE is OFF\n";

TEST_F(SystemdExample, WithoutItTheServiceHasNone) { EXPECT_EQ(printed_with({}), off); }

TEST_F(SystemdExample, OneService) {
  const std::string text = examples::text_of(one_service);
  EXPECT_EQ(printed_with({addition("legacy-server.service", text)}), examples::with_their_values);
  EXPECT_EQ(printed_with({addition("another.service", text)}), off);
}

// The example with the command of the service that the tests have, and with options for `keepalive run`.
std::string by_run(const std::string& options = "") {
  const std::string text =
      std::regex_replace(examples::text_of(one_service_by_run), std::regex("/usr/bin/keepalive run"),
                         "/tested/bin/keepalive run " + options);
  return std::regex_replace(text, std::regex("/usr/sbin/legacy-server"), "/tested/keepalive-check");
}

TEST_F(SystemdExample, OneServiceByRun) {
  EXPECT_EQ(printed_with({addition("legacy-server.service", by_run())}), examples::with_their_values);
}

// The filter of many units of Debian, for example of Redis.
constexpr char system_call_filter[] = "SystemCallFilter=@system-service\nSystemCallFilter=~ @privileged @resources\n";

TEST_F(SystemdExample, ByTheLibraryUnderASystemCallFilter) {
  const std::string text = examples::text_of(one_service) + system_call_filter;
  EXPECT_EQ(printed_with({addition("legacy-server.service", text)}), examples::with_their_values);
}

// The example file names the line that allows the supervisor.
TEST_F(SystemdExample, BySupervisorUnderASystemCallFilter) {
  const std::string text = by_run("--supervise ") + system_call_filter;
  EXPECT_EQ(printed_with({addition("legacy-server.service", text + "SystemCallFilter=seccomp\n")}),
            examples::with_their_values);
  EXPECT_NE(by_run().find("SystemCallFilter=seccomp\n"), std::string::npos);
}

// As in Debian's unit of Redis: only the program itself and the system's libraries may be executed.
constexpr char no_exec_paths[] = "NoExecPaths=/\nExecPaths=/tested/keepalive-check /usr/lib /lib\n";

// The example names the line that is needed. Without it the loader goes on without the library.
TEST_F(SystemdExample, ByTheLibraryUnderNoExecPaths) {
  const std::string text = examples::text_of(one_service) + no_exec_paths;
  EXPECT_NE(text.find("#   ExecPaths=/"), std::string::npos);
  EXPECT_EQ(printed_with({addition("legacy-server.service", text + "ExecPaths=/tested/libkeepalive.so\n")}),
            examples::with_their_values);
  const Outcome without = outcome_with({addition("legacy-server.service", text)});
  EXPECT_EQ(without.out, off);
  EXPECT_THAT(without.err, testing::HasSubstr("'libkeepalive.so' from LD_PRELOAD cannot be preloaded"));
}

TEST_F(SystemdExample, ByRunUnderNoExecPaths) {
  EXPECT_NE(by_run().find("#     ExecPaths=/usr/bin/keepalive\n"), std::string::npos);
  for (const char* const way : {"", "--supervise "}) {
    const std::string text = by_run(way) + no_exec_paths + "ExecPaths=/tested/bin/keepalive /tested/libkeepalive.so\n";
    EXPECT_EQ(printed_with({addition("legacy-server.service", text)}), examples::with_their_values) << way;
  }
}

TEST_F(SystemdExample, AllServicesAndOneThatWantsOut) {
  const std::string file = "system.conf.d/20-keepalive.conf=" + examples::text_of(all_services);
  EXPECT_EQ(printed_with({file}), examples::with_their_values);
  EXPECT_EQ(printed_with({file, addition("legacy-server.service", "[Service]\nEnvironment=KEEPALIVE=off")}), off);
  EXPECT_EQ(printed_with({file, addition("legacy-server.service", "[Service]\nUnsetEnvironment=LD_PRELOAD")}), off);
}

}  // namespace
