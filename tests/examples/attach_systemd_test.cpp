/// @file
/// Services of a systemd that runs as the first process of a private root, with keepalive attached to them.
#include <gmock/gmock.h>

#include <regex>

#include "examples.h"
#include "support/keepalive_command.h"
#include "support/preload.h"
#include "support/requirements.h"
#include "support/test_cgroup.h"

namespace {

using namespace support;

// Answers each connection with the options that the accepted socket has. The listener is its own, or systemd's.
constexpr char server[] = R"(
import os, socket, sys
if "LISTEN_FDS" in os.environ:
    listener = socket.socket(fileno=3)
else:
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if "NOTIFY_SOCKET" in os.environ:
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
while True:
    with listener.accept()[0] as connection:
        option = lambda level, number: connection.getsockopt(level, number)
        connection.sendall(b"%d %d/%d/%d\n" % (option(1, 9), option(6, 6), option(6, 4), option(6, 5)))
)";

class AttachSystemd : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_CGROUP_BPF();
    REQUIRE_PROGRAM("systemctl");
    REQUIRE_PROGRAM("ip");
    REQUIRE_PROGRAM("python3");
  }

  // What attach-services prints for this scenario with these additional files in /etc/systemd.
  static std::string printed_in(const std::string& scenario, const std::vector<std::string>& files) {
    std::vector<std::string> arguments{examples::tests + "examples/private-systemd", library,
                                       examples::tests + "examples/attach-services"};
    arguments.push_back("server.py=" + std::string(server));
    arguments.push_back(
        "system/legacy-server.service.d/scenario.conf=[Service]\nExecStart=\nExecStart=/tested/"
        "attach-services " +
        scenario);
    arguments.push_back(unit("plain", "7001", "User=nobody\nExecReload=/bin/true\n"));
    arguments.insert(arguments.end(), files.begin(), files.end());
    const Outcome outcome = run({arguments, {{"COMMAND", keepalive_path}}, "", std::chrono::seconds(100)});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "");
    return outcome.out;
  }

  static std::string unit(const std::string& name, const std::string& port, const std::string& more) {
    return "system/" + name + ".service=[Unit]\nDefaultDependencies=no\n[Service]\nType=notify\n" + more +
           "ExecStart=/usr/bin/python3 /etc/systemd/server.py " + port + "\n";
  }

  // The example, with the place that the command has here.
  static std::string example(const std::string& name) {
    return std::regex_replace(examples::text_of("systemd/" + name), std::regex("/usr/bin/keepalive"),
                              "/tested/bin/keepalive");
  }

  static std::string addition(const std::string& name, const std::string& text) {
    return "system/" + name + ".d/10-keepalive.conf=" + text;
  }
};

TEST_F(AttachSystemd, AServiceThatRuns) {
  EXPECT_EQ(
      printed_in("running", {}),
      "before: 0 9/7200/75\n"
      "CGROUP                       MODE  COUNT  IDLE  INTERVAL  USER-TIMEOUT  PROCESSES\n"
      "/system.slice/plain.service  on        4  120s       30s             -          1\n"
      "attached: 1 4/120/30\n"
      "CGROUP                       MODE  COUNT  IDLE  INTERVAL  USER-TIMEOUT  INHERITS\n"
      "/system.slice/plain.service  on        4  120s       30s             -  -\n"
      "after a reload of the manager: 1 4/120/30\n"
      "after the manager has executed itself again: 1 4/120/30\n"
      "after a reload: 1 4/120/30\n"
      "detached from /system.slice/plain.service; sockets keep what they have\n"
      "detached: 0 9/7200/75\n"
      "keepalive attach: this ends when plain.service stops or restarts; for each start: 10-keepalive-attach.conf, "
      "see examples\r\n");
}

constexpr char hardened[] = R"(DynamicUser=yes
CapabilityBoundingSet=
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectControlGroups=yes
ProtectKernelTunables=yes
RestrictNamespaces=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_UNIX
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
)";

TEST_F(AttachSystemd, ServicesThatAttachThemselves) {
  const std::string text = example("10-keepalive-attach.conf");
  EXPECT_EQ(
      printed_in("always", {addition("plain.service", text), unit("root", "7002", ""), addition("root.service", text),
                            unit("hardened", "7003", hardened), addition("hardened.service", text)}),
      "of a user: 1 4/120/30\n"
      "of root: 1 4/120/30\n"
      "hardened: 1 4/120/30\n"
      "restarted: 1 4/120/30\n");
}

TEST_F(AttachSystemd, SocketActivation) {
  const std::string socket =
      "system/activated.socket=[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=127.0.0.1:7004\n";
  EXPECT_EQ(printed_in("socket", {socket, unit("activated", "0", ""),
                                  addition("activated.service", example("10-keepalive-attach.conf")),
                                  addition("activated.socket", example("10-keepalive-attach-socket.conf"))}),
            "activated: 1 4/120/30\n"
            "activated again: 1 4/120/30\n"
            "CGROUP MODE\n"
            "/system.slice/activated.service on\n"
            "/system.slice/activated.socket on\n"
            "detached from /system.slice/activated.socket; sockets keep what they have\n"
            "process (python3), descriptor 3: what is accepted there is not covered, because the listener was made in "
            "the cgroup /system.slice/activated.socket: attach to that too\n");
}

// systemd has only the root of its own control groups here: `/` instead of `machine`.
TEST_F(AttachSystemd, TheWholeMachine) {
  const std::string text = std::regex_replace(example("keepalive-machine.service"), std::regex(" machine\n"), " /\n");
  EXPECT_EQ(printed_in("machine", {"system/keepalive-machine.service=" + text}),
            "machine: 1 4/120/30\n"
            "reloaded: 1 4/120/30\n"
            "stopped: 0 9/7200/75\n");
}

TEST_F(AttachSystemd, UnitsThatHaveNoCgroup) {
  const std::string done =
      "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n";
  EXPECT_EQ(
      printed_in("refused", {"system/umbrella.service=" + done, "system/oneshot.service=" + done,
                             "system/part.service=" + done + "[Unit]\nPartOf=umbrella.service\n"}),
      "keepalive attach: the unit plain.service is inactive and has no cgroup: start it first; a service can attach "
      "itself at each start (ExecStartPre=+keepalive attach self)\n"
      "status 1\n"
      "keepalive detach: the unit plain.service is inactive and has no cgroup, so nothing is attached to it\n"
      "status 1\n"
      "keepalive show: the unit plain.service is inactive and has no cgroup\n"
      "status 1\n"
      "keepalive attach: the unit umbrella.service is active but has no cgroup, because no process runs in it; name "
      "one of its parts: part.service\n"
      "status 1\n"
      "keepalive attach: the unit oneshot.service is active but has no cgroup, because no process runs in it; "
      "systemctl list-units shows other units\n"
      "status 1\n"
      "keepalive attach: the unit idle.slice is inactive and has no cgroup: start it first; a service can attach "
      "itself at each start (ExecStartPre=+keepalive attach self)\n"
      "status 1\n"
      "keepalive attach: there is no unit nosuch.service; systemctl list-units --all shows those that there are (a "
      "unit of systemctl --user: name a PID)\n"
      "status 1\n"
      "CGROUP         MODE  COUNT  IDLE  INTERVAL  USER-TIMEOUT  PROCESSES\n"
      "/system.slice  on        -     -         -             -          2\n");
}

}  // namespace
