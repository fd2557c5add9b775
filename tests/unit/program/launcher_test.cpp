#include "command/program/launcher.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace keepalive::command {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Arguments launched_behind(Arguments launcher) {
  launcher.insert(launcher.end(), {"program", "-x", "60"});
  return launched_by(launcher);
}

TEST(Launcher, StartsTheProgramBehindItsOwnArguments) {
  for (const Arguments& launcher : std::vector<Arguments>{{"nice"},
                                                          {"/usr/bin/nice"},
                                                          {"nice", "-n", "5"},
                                                          {"nice", "-n5"},
                                                          {"nice", "--adjustment", "5"},
                                                          {"nice", "--adjustment=5", "--"},
                                                          {"nohup"},
                                                          {"setsid", "-fw", "--wait"},
                                                          {"timeout", "60"},
                                                          {"timeout", "-vk1", "-s", "INT", "--", "60"},
                                                          {"timeout", "--signal=INT", "--kill-after", "1", "60"},
                                                          {"ionice", "-c", "3", "-t"},
                                                          {"stdbuf", "-oL", "-e", "0"},
                                                          {"chrt", "-o", "0"}}) {
    EXPECT_THAT(launched_behind(launcher), ElementsAre("program", "-x", "60")) << testing::PrintToString(launcher);
  }
}

TEST(Launcher, IsNotFollowedIfItsArgumentsAreNotKnown) {
  for (const Arguments& launcher : std::vector<Arguments>{{"nice", "-5"},
                                                          {"nice", "--new"},
                                                          {"ionice", "-p", "1"},
                                                          {"chrt", "-p"},
                                                          {"nohup", "--help"},
                                                          {"setsid", "--wait=1"},
                                                          {"sh", "-c"},
                                                          {"xargs"}}) {
    EXPECT_THAT(launched_behind(launcher), IsEmpty()) << testing::PrintToString(launcher);
  }
  for (const Arguments& all :
       std::vector<Arguments>{{}, {"nice"}, {"nice", "-n"}, {"timeout", "60"}, {"nohup", "--"}}) {
    EXPECT_THAT(launched_by(all), IsEmpty()) << testing::PrintToString(all);
  }
}

TEST(Launcher, ThatAlwaysDropsTheEnvironmentIsKnown) {
  for (const Arguments& all : std::vector<Arguments>{{"sudo", "program"},
                                                     {"/usr/bin/sudo", "-E", "program"},
                                                     {"doas", "program"},
                                                     {"pg_ctlcluster", "15", "main", "start"},
                                                     {"su", "-"},
                                                     {"su", "user", "-l", "-c", "program"},
                                                     {"runuser", "--login", "user"},
                                                     {"/usr/sbin/service", "x", "start"},
                                                     {"setpriv", "--reset-env", "program"}}) {
    EXPECT_TRUE(drops_environment(all)) << testing::PrintToString(all);
  }
  for (const Arguments& all : std::vector<Arguments>{{},
                                                     {"su"},
                                                     {"su", "user", "-c", "program"},
                                                     {"su", "user", "--", "-l"},
                                                     {"runuser", "-u", "user", "program", "-l"},
                                                     {"/opt/legacy/service"},
                                                     {"setpriv", "program"},
                                                     {"env", "-i"}}) {
    EXPECT_FALSE(drops_environment(all)) << testing::PrintToString(all);
  }
}

TEST(Launcher, ThatSetsLdPreloadItselfIsKnown) {
  for (const char* name : {"trickle", "mptcpize", "socksify", "/usr/bin/torsocks"}) {
    EXPECT_TRUE(replaces_preload({name, "program"})) << name;
  }
  EXPECT_FALSE(replaces_preload({"nice", "torsocks"}));
  EXPECT_FALSE(replaces_preload({}));
}

TEST(Launcher, WhoseProgramRunsElsewhereIsKnown) {
  const std::string attach = "; use keepalive attach with a PID of the container, or put the library into its image";
  for (const auto& [all, text] : std::vector<std::pair<Arguments, std::string>>{
           {{"/usr/bin/docker", "-H", "tcp://host", "run", "image"},
            "programs that 'docker' starts in a container get no keepalive" + attach},
           {{"kubectl", "exec", "pod", "--", "program"},
            "programs that 'kubectl' starts in a container get no keepalive" + attach},
           {{"podman", "start", "x"}, "programs that 'podman' starts in a container get no keepalive" + attach},
           {{"ssh", "-p", "22", "host", "program"},
            "programs that 'ssh' starts on another machine get no keepalive; put keepalive behind it: ssh ... "
            "keepalive run ... COMMAND"},
           {{"tmux", "new", "program"},
            "programs that 'tmux' starts through a server that runs already get no keepalive; put keepalive behind it: "
            "tmux ... keepalive run ... COMMAND"},
           {{"/usr/bin/at", "-f", "job", "now"},
            "programs that 'at' starts later get no keepalive; write it into the job: keepalive run ... COMMAND"},
           {{"ip", "netns", "exec", "x", "program"},
            "programs that 'ip' starts in another network namespace are not reached by a supervisor; put keepalive "
            "behind it: ip ... keepalive run ... COMMAND"},
           {{"nsenter", "-t", "1", "--net", "program"},
            "programs that 'nsenter' starts in another network namespace are not reached by a supervisor; put "
            "keepalive behind it: nsenter ... keepalive run ... COMMAND"},
           {{"unshare", "-rn", "program"},
            "programs that 'unshare' starts in another network namespace are not reached by a supervisor; put "
            "keepalive behind it: unshare ... keepalive run ... COMMAND"},
           {{"cgexec", "-g", "cpu:x", "program"},
            "programs that 'cgexec' starts in another cgroup are not reached by a supervisor; put keepalive behind it: "
            "cgexec ... keepalive run ... COMMAND"},
       }) {
    EXPECT_EQ(describe_elsewhere(all), text);
  }
  for (const Arguments& all : std::vector<Arguments>{{},
                                                     {"docker", "pull", "image"},
                                                     {"kubectl", "logs", "-f", "pod"},
                                                     {"ssh", "-p", "22", "host"},
                                                     {"unshare", "-m", "program"},
                                                     {"unshare", "--fork", "-w", "/", "program", "-n"},
                                                     {"nsenter", "-t", "1", "-m", "program", "--net"},
                                                     {"ip", "netns", "add", "x"},
                                                     {"ip", "vrf", "exec", "x", "program"},
                                                     {"program", "run"}}) {
    EXPECT_EQ(describe_elsewhere(all), "") << testing::PrintToString(all);
  }
}

TEST(Launcher, WhatSudoStartsIsKnownUnlessAnOptionIsNot) {
  EXPECT_EQ(launched_by_sudo({"/usr/bin/sudo", "-u", "user", "--", "podman", "start"}), (Arguments{"podman", "start"}));
  for (const Arguments& all : std::vector<Arguments>{
           {}, {"sudo"}, {"sudo", "-u"}, {"sudo", "--login", "program"}, {"program", "-u", "user", "other"}}) {
    EXPECT_EQ(launched_by_sudo(all), Arguments()) << testing::PrintToString(all);
  }
}

}  // namespace
}  // namespace keepalive::command
