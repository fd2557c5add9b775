/// @file
/// The command without a subcommand, and what all subcommands share.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include "others.h"
#include "support/keepalive_command.h"
#include "support/requirements.h"

namespace {

using namespace support;
using testing::HasSubstr;

TEST(Command, WithoutArgumentsSaysWhatThereIs) {
  EXPECT_EQ(failure_of(run_keepalive({})),
            "2: keepalive: missing subcommand (run, show, set, attach, detach, attached); see keepalive --help\n");
}

TEST(Command, RefusesWhatItDoesNotKnow) {
  for (const std::string word : {"true", "start", "Run", "", "runs"}) {
    EXPECT_EQ(failure_of(run_keepalive({word})),
              "2: keepalive: unknown subcommand '" + word +
                  "' (run, show, set, attach, detach, attached); to run a program: keepalive run " + word + "\n");
  }
  EXPECT_EQ(failure_of(run_keepalive({"--idle", "5"})), "2: keepalive: unknown option --idle; see keepalive --help\n");
  EXPECT_EQ(failure_of(run_keepalive({"-x"})), "2: keepalive: unknown option -x; see keepalive --help\n");
}

TEST(Command, NamesTheLimitOfOpenFilesThatKeepsItFromItsWork) {
  for (const std::string arguments : {"show", "show 1", "set 1", "attach 1", "detach 1", "attached"}) {
    const Outcome outcome = run({{"sh", "-c", "ulimit -n 4; exec " + keepalive_path + " " + arguments}, {}});
    EXPECT_EQ(failure_of(outcome), "1: keepalive " + arguments.substr(0, arguments.find(' ')) +
                                       ": Too many open files; the limit of open files is 4: raise it (ulimit -n)\n");
  }
}

TEST(Command, ThatRunsAProgramNamesTheLimitTooUnlessAnyway) {
  const auto with_limit = [](int limit, const std::string& options) {
    const std::string command = keepalive_path + " run " + options + programs + "/check-static";
    return failure_of(run({{"sh", "-c", "ulimit -n " + std::to_string(limit) + "; exec " + command}, {}}));
  };
  for (const int limit : {4, 7}) {
    const std::string cause = "keepalive run: Too many open files; the limit of open files is " +
                              std::to_string(limit) + ": raise it (ulimit -n)";
    EXPECT_EQ(with_limit(limit, ""), "125: " + cause + " (--anyway runs it without keepalive)\n");
    EXPECT_EQ(with_limit(limit, "--anyway "), "SO_KEEPALIVE is OFF\n0: " + cause + "; running it without keepalive\n");
  }
  EXPECT_THAT(with_limit(8, ""), testing::StartsWith("SO_KEEPALIVE is ON\n"));
}

// EAGAIN is the limit of processes for fork(2), but not for write(2).
TEST(Command, NamesNoLimitIfStandardOutputIsFull) {
  REQUIRE_PROGRAM("python3");
  const std::string script =
      "import os, resource, subprocess, sys\n"
      "hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]\n"
      "resource.setrlimit(resource.RLIMIT_NPROC, (100000 if hard == resource.RLIM_INFINITY else hard, hard))\n"
      "pipe = os.pipe()\n"
      "os.set_blocking(pipe[1], False)\n"
      "try:\n"
      "    while os.write(pipe[1], bytes(4096)): pass\n"
      "except BlockingIOError: pass\n"
      "sys.exit(subprocess.run([sys.argv[1], '--help'], stdout=pipe[1]).returncode)\n";
  EXPECT_EQ(failure_of(run({{"python3", "-c", script, keepalive_path}, {}})),
            "1: keepalive: standard output cannot be written: Resource temporarily unavailable\n");
}

TEST(Command, DoesNotRepeatLongTextInFull) {
  const std::string text(3000, 'x');
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{text},
                                             {"--" + text},
                                             {"run", text},
                                             {"run", "--idle", text, "true"},
                                             {"show", text},
                                             {"show", std::string(3000, '7')},
                                             {"show", "--peer", text},
                                             {"set", "--cgroup", text},
                                             {"set", "--cgroup", "/" + text},
                                             {"attach", std::string(3000, '7')},
                                             {"attached", text}}) {
    EXPECT_THAT(run_keepalive(arguments).err, testing::SizeIs(testing::Lt(800U)));
  }
}

TEST(Command, HasHelpThatNamesEachSubcommand) {
  for (const char* word : {"--help", "-h", "help"}) {
    const Outcome outcome = run_keepalive({word});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.err, "");
    for (const char* subcommand : {"keepalive run ", "keepalive show ", "keepalive set "}) {
      EXPECT_THAT(outcome.out, HasSubstr(subcommand));
    }
  }
}

TEST(Command, HasHelpOfASubcommandInBothOrders) {
  EXPECT_EQ(run_keepalive({"help", "run"}).out, run_keepalive({"run", "--help"}).out);
  EXPECT_EQ(failure_of(run_keepalive({"help", "ran"})),
            "2: keepalive: unknown subcommand 'ran' (run, show, set, attach, detach, attached); to run a program: "
            "keepalive run ran\n");
}

TEST(Command, HasHelpOfEachSubcommand) {
  for (const std::string subcommand : {"run", "show", "set", "attach", "detach", "attached"}) {
    for (const char* word : {"--help", "-h"}) {
      const Outcome outcome = run_keepalive({subcommand, word});
      EXPECT_EQ(outcome.status, 0);
      EXPECT_EQ(outcome.err, "");
      EXPECT_THAT(outcome.out, HasSubstr("\nUsage: keepalive " + subcommand + " "));
    }
  }
}

TEST(Command, TellsItsVersion) {
  const Outcome outcome = run_keepalive({"--version"});
  EXPECT_EQ(outcome.out, "keepalive " KEEPALIVE_PROJECT_VERSION "\n");
  EXPECT_EQ(outcome.status, 0);
}

TEST(Command, SaysWhenItsOutputIsLost) {
  const auto into_full = [](const std::string& arguments) {
    return failure_of(run({{"sh", "-c", keepalive_path + " " + arguments + " > /dev/full"}, {}}));
  };
  EXPECT_EQ(failure_of(run({{"sh", "-c", check + " > /dev/full"}, {}})),
            "1: standard output: No space left on device\n");
  const Listener listener;  // a socket to show
  const std::string own = std::to_string(getpid());
  const std::string lost = "standard output cannot be written: No space left on device\n";
  EXPECT_EQ(into_full("--help"), "1: keepalive: " + lost);
  EXPECT_EQ(into_full("--version"), "1: keepalive: " + lost);
  EXPECT_EQ(into_full("run --help"), "1: keepalive run: " + lost);
  EXPECT_EQ(into_full("show " + own), "1: keepalive show: " + lost);
  EXPECT_EQ(into_full("show --json " + own), "1: keepalive show: " + lost);
}

// The copy of another process's socket must not get number 2: messages would go to its peer.
TEST(Command, WithClosedDescriptorsWritesNothingOnConnections) {
  REQUIRE_RIGHT_TO_LOOK();
  REQUIRE_PROGRAM("strace");
  const Listener listener;
  const Descriptor end = connect_to(listener.port());
  const Descriptor connection = listener.accept();
  const std::string target = std::to_string(getpid());
  for (const std::string closed : {"<&-", "2>&-", "<&- 2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"}) {
    run({{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=setsockopt:error=EOPNOTSUPP", "sh", "-c",
          "exec " + keepalive_path + " set --fd " + std::to_string(connection.get()) + " " + target + " " + closed},
         {{"ASAN_OPTIONS", "detect_leaks=0"}}});
    char byte = 0;
    EXPECT_EQ(recv(end.get(), &byte, 1, MSG_DONTWAIT), -1) << closed;
    EXPECT_EQ(recv(connection.get(), &byte, 1, MSG_DONTWAIT), -1) << closed;
  }
}

TEST(Command, AProgramThatIsRunFindsClosedDescriptorsClosed) {
  for (const std::string way : {"--preload", "--supervise"}) {
    const auto open_ones = [&](const std::string& closed) {
      const std::string list = "for n in 0 1 2; do test -e /proc/$$/fd/$n && all=$all$n; done; echo $all >&9";
      return run({{"bash", "-c", "exec " + keepalive_path + " run " + way + " sh -c '" + list + "' 9>&1 " + closed},
                  tolerant_sanitizer})
          .out;
    };
    EXPECT_EQ(open_ones(""), "012\n") << way;
    EXPECT_EQ(open_ones("<&-"), "12\n") << way;
    EXPECT_EQ(open_ones("<&- 2>&-"), "1\n") << way;
    EXPECT_EQ(open_ones("<&- >&- 2>&-"), "\n") << way;
  }
}

// The same numbers mean other processes there.
TEST(Command, RefusesTheProcOfAnotherPidNamespace) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("unshare");
  for (const std::string subcommand : {"show", "set"}) {
    const Outcome outcome =
        run({joined({"unshare", "--pid", "--fork"}, keepalive_command({subcommand, "1"})), tolerant_sanitizer});
    EXPECT_EQ(failure_of(outcome), "1: keepalive " + subcommand +
                                       ": /proc is that of another PID namespace; mount this one's: mount -t proc proc "
                                       "/proc\n");
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // their runtimes need /proc themselves
TEST(Command, SaysWhenProcIsNotMounted) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("unshare");
  const auto without_proc = [](const std::string& arguments) {
    return failure_of(run(
        {{KEEPALIVE_UNSHARE, "--", "sh", "-c", "mount -t tmpfs none /proc && exec " + keepalive_path + " " + arguments},
         {}}));
  };
  EXPECT_THAT(without_proc("run " + check), testing::StartsWith("SO_KEEPALIVE is ON\n"));
  EXPECT_THAT(without_proc("run --supervise " + check), testing::StartsWith("125: keepalive run: "));
  EXPECT_EQ(without_proc("show"), "1: keepalive show: /proc is not mounted; mount it: mount -t proc proc /proc\n");
  EXPECT_EQ(without_proc("set 1"), "1: keepalive set: /proc is not mounted; mount it: mount -t proc proc /proc\n");
  for (const std::string arguments :
       {"show --cgroup self", "set --cgroup self", "attach self", "detach self", "attached"}) {
    EXPECT_EQ(without_proc(arguments), "1: keepalive " + arguments.substr(0, arguments.find(' ')) +
                                           ": no cgroup can be seen: /proc is not mounted\n");
  }
}
#endif

}  // namespace
