/// @file
/// `keepalive run` of programs that start others: how far keepalive follows them.
#include <gmock/gmock.h>
#include <unistd.h>

#include "command/program/file.h"
#include "command/program/privileges.h"
#include "command/program/systemd.h"
#include "run.h"
#include "support/other_user.h"
#include "support/requirements.h"
#include "support/supervised.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::HasSubstr;

const std::string static_check = programs + "/check-static";

/// Launchers as administrators use them. `{}` stands for the program that prints what its socket has.
struct Launcher {
  const char* name;
  std::vector<std::string> command;
  enum class Environment { is_kept, is_dropped, is_dropped_by_what_it_starts } environment = Environment::is_kept;
};
constexpr Launcher::Environment is_dropped = Launcher::Environment::is_dropped;

class LauncherTest : public testing::TestWithParam<Launcher> {
 protected:
  void SetUp() override { REQUIRE_PROGRAM(GetParam().command[0]); }

  [[nodiscard]] std::vector<std::string> command_with(const std::string& program) const {
    std::vector<std::string> command = GetParam().command;
    for (std::string& word : command) {
      const std::size_t at = word.find("{}");
      if (at != std::string::npos) word.replace(at, 2, program);
    }
    return command;
  }

  TemporaryFolder folder_;
  // Other users can read these, unlike a build folder.
  std::string dynamic_ = folder_.file("check", content_of(check));
  std::string static_ = folder_.file("check-static", content_of(static_check));
};

const std::vector<Launcher> launchers{
    {"env", {"env", "A=b", "{}"}},
    {"env_i", {"env", "-i", "{}"}, is_dropped},
    {"env_u", {"env", "-u", "LD_PRELOAD", "{}"}, is_dropped},
    {"sh", {"sh", "-c", "{}; :"}},
    {"bash", {"bash", "-c", "{}; :"}},
    {"sh_env_i", {"sh", "-c", "env -i {}; :"}, Launcher::Environment::is_dropped_by_what_it_starts},
    {"timeout", {"timeout", "60", "{}"}},
    {"nice", {"nice", "{}"}},
    {"nohup", {"nohup", "{}"}},
    {"setsid", {"setsid", "-w", "{}"}},
    {"xargs", {"xargs", "{}"}},
    {"find", {"find", "/", "-maxdepth", "0", "-exec", "{}", ";"}},
    {"setpriv", {"setpriv", "--reuid=65534", "--clear-groups", "{}"}},
    {"sudo", {"sudo", "{}"}, is_dropped},
    {"sudo_u", {"sudo", "-u", "nobody", "{}"}, is_dropped},
    {"su", {"su", "-c", "{}", "root"}},
    {"su_l", {"su", "-", "-c", "{}", "root"}, is_dropped},
    {"runuser", {"runuser", "-u", "nobody", "{}"}},
};

INSTANTIATE_TEST_SUITE_P(Run, LauncherTest, testing::ValuesIn(launchers),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(LauncherTest, IsFollowedAsRoot) {
  REQUIRE_ROOT();
  REQUIRE_OR_SKIP(keepalive::command::can_filter_without_loss(), "this needs CAP_SYS_ADMIN");
  for (const std::vector<std::string>& options : {std::vector<std::string>{}, {"--force"}}) {
    for (const std::string& program : {dynamic_, static_}) {
      const Outcome outcome = run({run_with_howto_values(options, command_with(program)), tolerant_sanitizer});
      EXPECT_EQ(outcome.out, howto_output) << program << outcome.err;
    }
  }
}

TEST_P(LauncherTest, IsFollowedByTheLibraryAsFarAsTheEnvironmentIsKept) {
  REQUIRE_ROOT();
  const Outcome outcome = run({run_with_howto_values({"--preload"}, command_with(dynamic_)), tolerant_sanitizer});
  const bool is_kept = GetParam().environment == Launcher::Environment::is_kept;
  if (GetParam().environment == is_dropped) {
    EXPECT_THAT(failure_of(outcome), testing::StartsWith("125: keepalive run: '" + GetParam().command[0] +
                                                         "' does not pass LD_PRELOAD on, so the library does not reach "
                                                         "what it starts; put keepalive behind it: "));
  } else {
    EXPECT_EQ(outcome.out, is_kept ? howto_output : "SO_KEEPALIVE is OFF\n") << outcome.err;
  }
}

class RunOrderTest : public testing::TestWithParam<std::vector<std::string>> {
 protected:
  void SetUp() override { REQUIRE_PROGRAM(GetParam()[0]); }

  static std::vector<std::string> in_front_of(const std::vector<std::string>& words) {
    return joined(GetParam(), words);
  }
};

INSTANTIATE_TEST_SUITE_P(LaunchersThatReplaceLdPreload, RunOrderTest,
                         testing::Values(std::vector<std::string>{"trickle", "-s", "-d", "1000", "-u", "1000"},
                                         std::vector<std::string>{"torsocks"}),
                         [](const auto& row) { return row.param[0]; });

TEST_P(RunOrderTest, HasTheLibraryOnlyBehindTheLauncher) {
  EXPECT_EQ(run({in_front_of(run_with_howto_values({}, {check})), tolerant_sanitizer}).out, howto_output);
  const Outcome refused = run({run_with_howto_values({"--preload"}, in_front_of({check})), tolerant_sanitizer});
  const std::string name = GetParam()[0];
  EXPECT_THAT(failure_of(refused),
              testing::StartsWith("125: keepalive run: '" + name +
                                  "' sets LD_PRELOAD itself, so the library has no effect in what it starts; put "
                                  "keepalive behind it: " +
                                  name + " ... keepalive run ... COMMAND; --supervise reaches it"));
}

TEST_P(RunOrderTest, HasTheSupervisorInFrontOfItToo) {
  REQUIRE_OR_SKIP(keepalive::command::can_filter_without_loss(), "this needs CAP_SYS_ADMIN");
  EXPECT_EQ(run({run_with_howto_values({}, in_front_of({check})), tolerant_sanitizer}).out, howto_output);
}

// The container's client itself has keepalive, but that is not what the user means.
TEST(RunElsewhere, IsSaidOnATerminalAndWithVerbose) {
  REQUIRE_PROGRAM("script");
  const TemporaryFolder folder;
  const std::string docker = folder.file("docker", "#!/bin/sh\n");
  const char* const text = "keepalive run: programs that 'docker' starts in a container get no keepalive; use ";
  EXPECT_THAT(run_with({"--verbose"}, {"nice", docker, "run", "image"}).err, HasSubstr(text));
  EXPECT_EQ(run_with({}, {docker, "run", "image"}).err, "");
  const std::string command = keepalive_path + " run " + docker + " run image";
  EXPECT_THAT(run({{"script", "-qec", command, "/dev/null"}, {}}).out, HasSubstr(text));
}

// Debian's init scripts and pg_ctlcluster hand over to systemctl(1), unless systemd has started them.
TEST(RunElsewhere, AnInitScriptThatHandsOverToSystemdIsRefused) {
  REQUIRE_ROOT();
  const auto refusal = [](const std::string& command, const std::string& name) {
    const std::string prepare =
        "mount -t tmpfs none /run && mkdir -p /run/systemd/system && mount -t tmpfs none /etc/init.d && cd /etc/init.d "
        "&& printf '#!/bin/sh\\n. /lib/lsb/init-functions\\necho ran\\n' > lsb && printf '#!/bin/sh\\necho ran\\n' > "
        "own "
        "&& sed s,lsb/init-,postgresql-common/init.d-, lsb > database "
        "&& chmod 755 * && cp own /run/pg_ctlcluster; ";
    const Outcome outcome =
        run({{KEEPALIVE_UNSHARE, "--", "sh", "-c", prepare + keepalive_path + " run " + command}, tolerant_sanitizer});
    const std::string said =
        "125: keepalive run: '" + name +
        "' has systemd start the program, so it gets no keepalive; use keepalive attach NAME.service";
    return failure_of(outcome).rfind(said, 0) == 0 ? "refused" : outcome.out + outcome.err;
  };
  EXPECT_EQ(refusal("/etc/init.d/lsb start", "lsb"), "refused");
  EXPECT_EQ(refusal("sudo -n /etc/init.d/lsb start", "lsb"), "refused");
  EXPECT_EQ(refusal("/etc/init.d/database restart", "database"), "refused");
  EXPECT_EQ(refusal("/run/pg_ctlcluster 15 main start", "pg_ctlcluster"), "refused");
  EXPECT_EQ(refusal("/etc/init.d/own start", "own"), "ran\n");
  const std::string line = "programs that 'sh' has systemd start get no keepalive; use keepalive attach NAME.service\n";
  EXPECT_THAT(refusal("--verbose sh -c ': systemctl restart nginx'", "sh"), HasSubstr(line));
  EXPECT_NE(refusal("/etc/init.d/lsb status", "lsb"), "refused");
}

// In a service, su(1) opens a login session (pam_systemd), in a cgroup where no supervisor follows.
TEST(RunElsewhere, ALauncherThatOpensALoginSessionIsRefused) {
  REQUIRE_ROOT();
  REQUIRE_OR_SKIP(!keepalive::command::is_in_login_session(keepalive::command::read_text("/proc/self/cgroup")),
                  "this needs a shell outside of a login session");
  const auto error_of = [](const std::string& command) {
    const std::string prepare =
        "mount -t tmpfs none /run && mkdir -p /run/systemd/seats /run/systemd/system && mount -t tmpfs none /etc/pam.d "
        "&& cd /etc/pam.d "
        "&& "
        "echo 'auth sufficient pam_rootok.so\naccount required pam_permit.so' > su && cp su runuser && cp su sudo && "
        "echo 'session [success=1 default=ignore] pam_permit.so\n-session optional pam_systemd.so' > common && "
        "cat su - > su-l << END\n@include common\nEND\n"
        "cat su - > runuser-l << END\nsession include common\nEND\n"
        "cp su-l sudo-i; ";
    return run({{KEEPALIVE_UNSHARE, "--", "sh", "-c", prepare + "exec " + keepalive_path + " run --verbose " + command},
                tolerant_sanitizer})
        .err;
  };
  const char* const text = " opens a login session, whose cgroup a supervisor does not reach; ";
  for (const std::string command :
       {"su - nobody -c :", "su -l nobody", "runuser --login nobody", "sudo -i -u nobody :"}) {
    EXPECT_THAT(error_of(command), testing::StartsWith("keepalive run: '" + command.substr(0, command.find(' ')) + "'" +
                                                       text + "put keepalive behind it"));
  }
  for (const std::string command : {"su nobody -s /bin/true", "runuser -u nobody true", "env -i true"}) {
    EXPECT_THAT(error_of(command), Not(HasSubstr(text)));
  }
}

class RunAsOrdinaryUser : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_ROOT();
    REQUIRE_PROGRAM("setpriv");
  }

  static Outcome run_as_nobody(const std::vector<std::string>& options, const std::vector<std::string>& command) {
    return run({command_as_nobody(run_with_howto_values(options, command)), tolerant_sanitizer});
  }

  TemporaryFolder folder_;
  std::string script_ = folder_.file("script", "#!/bin/sh\n\"$@\"\n");
};

TEST_F(RunAsOrdinaryUser, ALauncherHasTheLibraryAndItIsSaidWhatThatDoesNotFollow) {
  const Outcome dynamic = run_as_nobody({"--verbose"}, {script_, check});
  EXPECT_EQ(dynamic.out, howto_output);
  EXPECT_THAT(dynamic.err, HasSubstr("keepalive run: '" + script_ + "'" + unfollowed));
  EXPECT_EQ(run_as_nobody({}, {script_, static_check}).out, "SO_KEEPALIVE is OFF\n");
  EXPECT_EQ(run_as_nobody({}, {script_, static_check}).err, "");  // no terminal
  EXPECT_EQ(run_as_nobody({"--supervise"}, {script_, static_check}).out, howto_output);
}

TEST_F(RunAsOrdinaryUser, WithNoNewPrivsALauncherHasTheSupervisorToo) {
  std::vector<std::string> command = run_with_howto_values({}, {script_, static_check});
  command.insert(command.begin(), {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"});
  EXPECT_EQ(run({command, tolerant_sanitizer}).out, howto_output);
}

TEST_F(RunAsOrdinaryUser, BehindEnvItIsTheProgramThatCounts) {
  EXPECT_EQ(run_as_nobody({}, {"env", "A=b", static_check}).out, howto_output);
  REQUIRE_PROGRAM("busybox");
  const std::string start = "#!" + find_program("env") + " -S A=b " + find_program("busybox") + " sh\n";
  const std::string script = folder_.file("by-env", start + static_check + "\n");
  EXPECT_EQ(run_as_nobody({}, {script}).out, howto_output);
}

TEST_F(RunAsOrdinaryUser, BehindASimpleLauncherItIsTheProgramThatCounts) {
  EXPECT_EQ(run_as_nobody({}, {"timeout", "60", "nice", static_check}).out, howto_output);
  EXPECT_EQ(run_as_nobody({}, {"nice", check}).out, howto_output);
}

// Also without a terminal: nothing would be had.
TEST_F(RunAsOrdinaryUser, ALauncherThatDropsTheEnvironmentIsRefusedUnlessAnyway) {
  const std::string why =
      "keepalive run: 'env' does not pass LD_PRELOAD on, so the library does not reach what it starts; put "
      "keepalive behind it: env ... keepalive run ... COMMAND; --supervise reaches it, but takes the rights of setuid "
      "programs "
      "away";
  const std::vector<std::string> command{"env", "-i", "PATH=/usr/bin:/bin", check};
  EXPECT_EQ(failure_of(run_as_nobody({}, command)), "125: " + why + " (--anyway runs it without keepalive)\n");
  const Outcome anyway = run_as_nobody({"--anyway"}, command);
  EXPECT_EQ(anyway.out, "SO_KEEPALIVE is OFF\n");
  EXPECT_EQ(anyway.err, why + "; running it without keepalive\n");
  EXPECT_EQ(run_as_nobody({"--supervise"}, command).out, howto_output);
}

}  // namespace
