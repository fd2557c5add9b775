#include "command/program/systemd.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace keepalive::command {
namespace {

TEST(Systemd, LaunchersThatLetItStartTheProgramAreKnownWhereItRuns) {
  const bool runs = std::filesystem::exists("/run/systemd/system");
  EXPECT_EQ(is_started_by_systemd({"/bin/systemctl", "start", "x"}), runs);
  EXPECT_EQ(is_started_by_systemd({"/usr/sbin/service", "x", "start"}), runs);
  EXPECT_EQ(is_started_by_systemd({"/usr/sbin/apache2ctl", "start"}), runs);
  EXPECT_FALSE(is_started_by_systemd({"/usr/sbin/apache2ctl", "configtest"}));
  EXPECT_FALSE(is_started_by_systemd({"/opt/legacy/service", "x"}));
  EXPECT_EQ(is_started_by_systemd({"systemd-run", "program"}), runs);
  EXPECT_FALSE(is_started_by_systemd({"systemd-run", "--scope", "program"}));
  EXPECT_FALSE(is_started_by_systemd({"systemd-cat", "program"}));
  EXPECT_FALSE(is_started_by_systemd({}));
}

TEST(Systemd, AScriptThatAsksItToStartSomethingIsKnown) {
  for (const char* const text :
       {"systemctl restart nginx\n", "set -e\n/bin/systemctl --now start a b", "service x restart;",
        "if true; then sudo systemctl try-restart x; fi", "(systemctl start x)"}) {
    EXPECT_TRUE(asks_systemd_to_start(text)) << text;
  }
  for (const char* const text :
       {"", "systemctl status x\nstart", "# systemctl start x", "start-service start", "x start"}) {
    EXPECT_FALSE(asks_systemd_to_start(text)) << text;
  }
}

TEST(Systemd, ALoginSessionIsToldByTheCgroups) {
  EXPECT_TRUE(is_in_login_session("0::/user.slice/user-0.slice/session-19.scope\n"));
  EXPECT_TRUE(
      is_in_login_session("12:pids:/user.slice/user-7.slice\n1:name=systemd:/user.slice/user-7.slice/x.scope\n"));
  EXPECT_FALSE(is_in_login_session("0::/system.slice/user.service\n"));
  EXPECT_FALSE(is_in_login_session("0::/\n"));
  EXPECT_FALSE(is_in_login_session(""));
}

}  // namespace
}  // namespace keepalive::command
