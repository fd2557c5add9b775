/// @file
/// What bash, zsh and fish offer to complete a command line of `keepalive`.
#include <gmock/gmock.h>
#include <sys/prctl.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>

#include "help.h"
#include "support/requirements.h"
#include "support/temporary_folder.h"

namespace {

using namespace documents;
using namespace support;
namespace fs = std::filesystem;
using testing::Contains;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

using Candidates = std::set<std::string>;

#define FOLDER KEEPALIVE_SOURCE "/docs/completions"
#define DRIVERS KEEPALIVE_SOURCE "/tests/documents"

constexpr char bash_completion[] = "/usr/share/bash-completion/bash_completion";

struct Shell {
  std::string name;
  std::vector<std::string> command;  ///< given a line, prints what may follow
  bool completes_other_commands = true;
};

const std::vector<Shell> shells{
    {"Bash", {"bash", "--norc", DRIVERS "/complete.bash", FOLDER, ""}, false},
    {"BashWithBashCompletion", {"bash", "--norc", DRIVERS "/complete.bash", FOLDER, bash_completion}},
    {"Zsh", {"zsh", "-f", DRIVERS "/complete.zsh", FOLDER}},
    {"Fish", {"fish", DRIVERS "/complete.fish", FOLDER}},
};

void PrintTo(const Shell& shell, std::ostream* out) { *out << shell.name; }

class CompletionTest : public testing::TestWithParam<Shell> {
 protected:
  void SetUp() override {
    REQUIRE_PROGRAM(GetParam().command[0]);
    REQUIRE_OR_SKIP(GetParam().command.back() != bash_completion || fs::exists(bash_completion),
                    "this needs the package bash-completion");
  }

  // What is offered, without descriptions and quoting.
  static Candidates complete(const std::string& line) {
    const std::string folder = fs::path(KEEPALIVE_COMMAND).parent_path();
    const TemporaryFolder home;
    std::vector<std::string> command = GetParam().command;
    command.push_back(line);
    const Outcome outcome = run({command,
                                 {{"PATH", folder + ":/usr/local/bin:/usr/bin:/bin"},
                                  {"HOME", home.path()},
                                  {"TMPDIR", home.path()},
                                  {"XDG_RUNTIME_DIR", home.path()}}});
    EXPECT_EQ(outcome.err, "");
    Candidates candidates;
    std::istringstream text(outcome.out);
    for (std::string candidate; std::getline(text, candidate);) {
      candidate = candidate.substr(0, candidate.find('\t'));
      while (!candidate.empty() && (candidate.back() == ' ' || candidate.back() == '=')) candidate.pop_back();
      candidate.erase(std::remove(candidate.begin(), candidate.end(), '\\'), candidate.end());
      candidates.insert(candidate);
    }
    return candidates;
  }
};

INSTANTIATE_TEST_SUITE_P(Shells, CompletionTest, testing::ValuesIn(shells),
                         [](const auto& row) { return row.param.name; });

TEST_P(CompletionTest, OffersTheSubcommands) {
  EXPECT_EQ(complete("keepalive "), Candidates(subcommands.begin(), subcommands.end()));
  EXPECT_EQ(complete("keepalive --"), (Candidates{"--help", "--version"}));
}

TEST_P(CompletionTest, OffersTheOptionsThatHelpLists) {
  for (const std::string& subcommand : subcommands) {
    EXPECT_EQ(complete("keepalive " + subcommand + " --"), options_in_help(subcommand)) << subcommand;
  }
}

TEST_P(CompletionTest, OffersTheValuesThatAreWords) {
  EXPECT_EQ(complete("keepalive run --user-timeout "), Candidates{"auto"});
  EXPECT_EQ(complete("keepalive set --user-timeout a"), Candidates{"auto"});
  EXPECT_THAT(complete("keepalive run --idle "), IsEmpty());
  EXPECT_THAT(complete("keepalive set --peer "), IsEmpty());
}

TEST_P(CompletionTest, OffersCommandsToRun) {
  EXPECT_THAT(complete("keepalive run keepalive-ch"), Contains("keepalive-check"));
  EXPECT_THAT(complete("keepalive run --idle 5m --count=3 --force keepalive-ch"), Contains("keepalive-check"));
  EXPECT_THAT(complete("keepalive run -- keepalive-ch"), Contains("keepalive-check"));
}

TEST_P(CompletionTest, LeavesTheRestToTheCommandThatIsRun) {
  EXPECT_THAT(complete("keepalive run true --"), Not(Contains("--idle")));
  if (!GetParam().completes_other_commands) return;
  EXPECT_EQ(complete("keepalive run --idle 5m keepalive show --"), options_in_help("show"));
  EXPECT_EQ(complete("keepalive run -- keepalive s"), (Candidates{"set", "show"}));
}

TEST_P(CompletionTest, OffersProcessesByNameAndNumber) {
  const std::string name = "a $(kill $$)";  // a shell must not execute parts of a name
  ASSERT_EQ(prctl(PR_SET_NAME, name.c_str()), 0);
  const std::string number = std::to_string(getpid());
  for (const std::string subcommand : {"show", "set"}) {
    EXPECT_THAT(complete("keepalive " + subcommand + " "), IsSupersetOf({number, name}));
    EXPECT_THAT(complete("keepalive " + subcommand + " " + number), Contains(number));
  }
}

}  // namespace
