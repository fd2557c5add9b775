/// @file
/// What `keepalive attach` refuses and says then, and where it finds cgroup v2.
#include <gmock/gmock.h>

#include <fstream>

#include "attached_cgroup.h"
#include "support/other_user.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class AttachRefusal : public testing::Test {
  void SetUp() override { REQUIRE_CGROUP_BPF(); }
};

TEST_F(AttachRefusal, NeedsATarget) {
  EXPECT_EQ(failure_of(run_keepalive({"attach"})),
            "2: keepalive attach: missing TARGET; see keepalive attach --help\n");
  EXPECT_EQ(failure_of(run_keepalive({"detach"})),
            "2: keepalive detach: missing TARGET; see keepalive detach --help\n");
  EXPECT_EQ(failure_of(run_keepalive({"attached", "x"})),
            "2: keepalive attached: unexpected operand 'x'; see keepalive attached --help\n");
}

TEST_F(AttachRefusal, AValueThatIsWrongChangesNothing) {
  const AttachedCgroup cgroup;
  EXPECT_EQ(run_keepalive({"attach", "--idle", "0", cgroup.path()}).status, 2);
  EXPECT_EQ(attached_lines(cgroup), "PATH on 20 180s 60s - -\n");
}

TEST_F(AttachRefusal, OneTargetThatIsNotThereMeansNoneIsAttachedTo) {
  const TestCgroup cgroup;
  const Outcome outcome = run_keepalive({"attach", "/no/such", cgroup.path(), "99999999"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, MatchesRegex("keepalive attach: '/no/such' is no cgroup; cgroup v2 is mounted at [^\n]*\n"
                                        "keepalive attach: there is no process 99999999\n"
                                        "keepalive attach: nothing was changed\n"));
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(attached_lines(cgroup), "");
}

TEST_F(AttachRefusal, TheRootCgroupHasToBeSaid) {
  const std::string root = TestCgroup::mounted_at();
  REQUIRE_OR_SKIP(access((root + "/cgroup.type").c_str(), F_OK) != 0, "this needs the machine's root cgroup");
  TestCgroup cgroup;
  const Process process({{"sleep", "1000"}, {}});
  std::ofstream(root + "/cgroup.procs") << process.pid();
  const std::string pid = std::to_string(process.pid());
  EXPECT_EQ(failure_of(run_keepalive({"attach", pid})),
            "1: keepalive attach: process " + pid +
                " is in the root cgroup, that of the whole machine: say 'machine' if you mean that\n");
  for (const std::string& path : {std::string("/"), root, root + "/"}) {
    EXPECT_EQ(failure_of(run_keepalive({"attach", path})),
              "1: keepalive attach: '" + path +
                  "' is the root cgroup, that of the whole machine: say 'machine' if you mean that\n");
  }
}

/// The command as root, but with these capabilities only.
Outcome with_capabilities(const std::string& capabilities, const std::vector<std::string>& arguments) {
  const std::vector<std::string> setpriv{"setpriv", "--bounding-set=" + capabilities, "--inh-caps=" + capabilities,
                                         "--"};
  return run({joined(setpriv, keepalive_command(arguments)), tolerant_sanitizer});
}

TEST_F(AttachRefusal, NamesTheCapabilityThatIsMissing) {
  REQUIRE_PROGRAM("setpriv");
  const TestCgroup cgroup;
  const std::vector<std::string> attach{"attach", cgroup.path()};
  const std::string needed =
      "1: keepalive attach: this needs CAP_BPF and CAP_NET_ADMIN; run it as root, outside of "
      "any container\n";
  EXPECT_EQ(failure_of(with_capabilities("-all", attach)), needed);
  EXPECT_EQ(failure_of(with_capabilities("-all,+net_admin", attach)), needed);
  EXPECT_EQ(failure_of(with_capabilities("-all,+bpf", attach)), needed);
  EXPECT_EQ(failure_of(run({command_as_nobody(keepalive_command(attach)), tolerant_sanitizer})), needed);
  EXPECT_THAT(failure_of(with_capabilities("-all", {"detach", cgroup.path()})), HasSubstr("this needs CAP_NET_ADMIN;"));

  EXPECT_EQ(with_capabilities("-all,+bpf,+net_admin", attach).status, 0) << "enough where nothing is attached";
  EXPECT_EQ(attached_lines(cgroup), "PATH on - - - - -\n");
  EXPECT_EQ(failure_of(with_capabilities("-all,+bpf,+net_admin", attach)),
            "1: keepalive attach: without CAP_SYS_ADMIN this command cannot tell whether a BPF program on " +
                cgroup.path() +
                " is its own; run it as root, outside of any "
                "container\n");
  EXPECT_EQ(
      failure_of(
          run({command_as_nobody(keepalive_command(attach)), with(tolerant_sanitizer, {{"INVOCATION_ID", "1"}})})),
      "1: keepalive attach: this needs CAP_BPF and CAP_NET_ADMIN; in a unit: ExecStartPre=+keepalive ..., with the "
      "plus sign; else run it as root, outside of any container\n");
  EXPECT_EQ(failure_of(run({command_as_nobody(keepalive_command(attach)),
                            with(tolerant_sanitizer, {{"INVOCATION_ID", "1"}, {"MANAGERPID", "1"}})})),
            "1: keepalive attach: this needs CAP_BPF and CAP_NET_ADMIN; a unit of systemctl --user has only keepalive "
            "run; else run it as root, outside of any container\n");
  EXPECT_THAT(failure_of(with_capabilities("-all", {"attached"})),
              "1: keepalive attached: this needs CAP_NET_ADMIN; run it as root, outside of any container\n");
}

// Else the user would become root only to hear of the wrong name.
TEST_F(AttachRefusal, NamesTheWrongTargetBesideTheMissingRight) {
  REQUIRE_PROGRAM("setpriv");
  for (const std::string subcommand : {"attach", "detach"}) {
    const Outcome outcome = run({command_as_nobody(keepalive_command({subcommand, "99999999"})), tolerant_sanitizer});
    EXPECT_THAT(failure_of(outcome), MatchesRegex("1: keepalive " + subcommand +
                                                  ": there is no process 99999999\n"
                                                  "keepalive " +
                                                  subcommand + ": this needs [^\n]*; run it as root, [^\n]*\n"));
    EXPECT_THAT(
        failure_of(with_capabilities("-all", {subcommand, "nonsense"})),
        MatchesRegex("2: keepalive " + subcommand + ": 'nonsense' is not a unit [^\n]*\n[^\n]*this needs [^\n]*\n"));
  }
}

TEST_F(AttachRefusal, IsNotForUserNamespaces) {
  REQUIRE_PROGRAM("unshare");
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"attach", "machine"}, {"detach", "machine"}, {"attached"}}) {
    const std::vector<std::string> command =
        joined({"unshare", "--user", "--map-root-user"}, keepalive_command(arguments));
    EXPECT_EQ(failure_of(run({command, tolerant_sanitizer})),
              "1: keepalive " + arguments[0] +
                  ": this is not possible in a user namespace (a rootless container); run it as root, outside of any "
                  "container\n");
  }
}

/// The command in a mount namespace where `prepare` (shell commands) has run.
Outcome with_mounts(const std::string& prepare, const std::vector<std::string>& arguments) {
  const std::vector<std::string> unshare{KEEPALIVE_UNSHARE, "--", "sh", "-ec", prepare + "\nexec \"$@\"", "sh"};
  return run({joined(unshare, keepalive_command(arguments)), tolerant_sanitizer});
}

const std::string unmount_all =
    "while read -r _ _ _ _ folder rest; do case $rest in *' - cgroup2 '*) umount -l \"$folder\" ;; esac; done "
    "< /proc/self/mountinfo";

TEST_F(AttachRefusal, MountsCgroup2ForItselfWhereNobodyHas) {
  const TestCgroup cgroup;
  const Outcome outcome = with_mounts(unmount_all, {"attach", "--idle", "77", cgroup.path()});
  EXPECT_EQ(failure_of({outcome.status, lines_of(cgroup, outcome.out), outcome.err}), "PATH on - 77s - - 0\n0: ");
  EXPECT_EQ(lines_of(cgroup, with_mounts(unmount_all, {"attached"}).out), "PATH on - 77s - - -\n");
  EXPECT_EQ(with_mounts(unmount_all, {"detach", cgroup.path()}).status, 0);
}

TEST_F(AttachRefusal, FindsItWhereverItIsMounted) {
  const TemporaryFolder folder;
  const TestCgroup cgroup;
  const std::string unified = unmount_all + "; mount -t cgroup2 none " + folder.path();
  EXPECT_EQ(with_mounts(unified, {"attach", folder.path() + cgroup.path()}).status, 0);
  EXPECT_EQ(attached_lines(cgroup), "PATH on - - - - -\n");
  const std::string part = unmount_all + "; mount -t cgroup2 none " + folder.path() + "; mount --bind " +
                           folder.path() + cgroup.path() + " /mnt; umount " + folder.path();
  EXPECT_EQ(with_mounts(part, {"detach", "/mnt"}).out,
            "detached from " + cgroup.path() + "; sockets keep what they have\n");
  EXPECT_THAT(with_mounts(part, {"attach", "machine"}).err,
              HasSubstr("cannot be seen from within this container; run this on the host"));
}

TEST_F(AttachRefusal, RefusesACgroupOfVersion1) {
  std::string folder;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string word;
    for (int field = 0; field < 5; ++field) fields >> word;
    if (line.find(" - cgroup ") != std::string::npos) folder = word;
  }
  REQUIRE_OR_SKIP(!folder.empty(), "this needs a mounted cgroup v1");
  EXPECT_THAT(failure_of(run_keepalive({"attach", folder})),
              StartsWith("1: keepalive attach: '" + folder +
                         "' is a cgroup v1, where BPF programs cannot be attached; "
                         "cgroup v2 is mounted at "));
}

TEST_F(AttachRefusal, InACgroupNamespaceSelfIsTheContainer) {
  REQUIRE_PROGRAM("unshare");
  const TestCgroup cgroup;
  const TemporaryFolder folder;
  const std::string container = "mount -t cgroup2 none " + folder.path() + " && exec \"$@\"";
  const std::vector<std::string> command = joined({"unshare", "--cgroup", "--mount", "sh", "-c", container, "sh"},
                                                  keepalive_command({"attach", "--idle", "66", "self"}));
  const Outcome outcome = run({cgroup.inside(command), tolerant_sanitizer});
  EXPECT_THAT(outcome.out, MatchesRegex("CGROUP[^\n]*\n/ +on +- +66s [^\n]*\n")) << outcome.err;
  EXPECT_EQ(attached_lines(cgroup), "PATH on - 66s - - -\n");
}

}  // namespace
