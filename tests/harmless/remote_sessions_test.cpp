/// @file
/// ssh, and rsync and git over it: protocols that a single stray byte on standard input, output or error would break.
#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include <filesystem>
#include <fstream>

#include "support/loopback.h"
#include "support/open_sockets.h"
#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;
namespace fs = std::filesystem;

class RemoteSessionTest : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_ROOT();
    for (const char* program : {"ssh", "sshd", "ssh-keygen", "rsync", "git", "unshare"}) REQUIRE_PROGRAM(program);
    fs::create_directories(folder_);
    for (const char* key : {"host", "user"}) {
      ASSERT_EQ(run({{"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path(key)}, {}}).status, 0);
    }
    fs::copy_file(path("user.pub"), path("authorized_keys"));
    std::ofstream(path("sshd_config")) << "ListenAddress 127.0.0.1:" << port_ << "\nHostKey " << path("host")
                                       << "\nAuthorizedKeysFile " << path("authorized_keys")
                                       << "\nUsePAM no\nStrictModes no\nPidFile none\n";
    std::ofstream(path("ssh_config")) << "Host *\nHostName 127.0.0.1\nPort " << port_ << "\nUser root\nIdentityFile "
                                      << path("user") << "\nUserKnownHostsFile " << path("known_hosts")
                                      << "\nStrictHostKeyChecking no\nLogLevel ERROR\n";
    // sshd wants its folder below /run; it gets one in a mount namespace of its own.
    server_ = std::make_unique<Process>(Command{{KEEPALIVE_UNSHARE, "--", "sh", "-c",
                                                 "mount -t tmpfs none /run && mkdir /run/sshd && exec " +
                                                     find_program("sshd") + " -D -e -f " + path("sshd_config")},
                                                preloaded(howto_values)});
    ASSERT_TRUE(wait_for_tcp_socket(server_->pid(), TCP_LISTEN));
  }

  void TearDown() override {
    server_.reset();
    fs::remove_all(folder_);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

  [[nodiscard]] std::string ssh() const { return "ssh -F " + path("ssh_config"); }

  // The same command without and with the library, in fresh folders of the same name.
  void expect_same(const std::vector<std::string>& command, const Environment& environment = {}) const {
    Outcome outcomes[2];
    for (const bool with_library : {false, true}) {
      fs::remove_all(folder_ / "copy");
      outcomes[with_library ? 1 : 0] =
          run({command, with_library ? preloaded(with(environment, howto_values)) : environment});
    }
    EXPECT_EQ(outcomes[0].status, 0) << outcomes[0].err;
    EXPECT_EQ(outcomes[1].status, outcomes[0].status);
    EXPECT_EQ(outcomes[1].out, outcomes[0].out);
    EXPECT_EQ(outcomes[1].err, outcomes[0].err);
  }

 private:
  fs::path folder_ = fs::path(testing::TempDir()) / ("sessions." + std::to_string(getpid()));
  int port_ = free_port();
  std::unique_ptr<Process> server_;
};

TEST_F(RemoteSessionTest, SshIsSilent) {
  expect_same({"ssh", "-F", path("ssh_config"), "server", "printf output; printf error >&2"});
}

TEST_F(RemoteSessionTest, RsyncIsSilent) {
  std::ofstream(path("file")) << std::string(100000, 'x');
  expect_same({"rsync", "-e", ssh(), "server:" + path("file"), path("copy")});
  EXPECT_EQ(fs::file_size(path("copy")), 100000U);
}

TEST_F(RemoteSessionTest, GitIsSilent) {
  const Environment author{{"GIT_AUTHOR_NAME", "a"},
                           {"GIT_AUTHOR_EMAIL", "a@localhost"},
                           {"GIT_COMMITTER_NAME", "a"},
                           {"GIT_COMMITTER_EMAIL", "a@localhost"}};
  ASSERT_EQ(run({{"git", "init", "-q", path("repository")}, {}}).status, 0);
  ASSERT_EQ(run({{"git", "-C", path("repository"), "commit", "-q", "--allow-empty", "-m", "first"}, author}).status, 0);
  expect_same({"git", "clone", "-q", "server:" + path("repository"), path("copy")}, {{"GIT_SSH_COMMAND", ssh()}});
  EXPECT_TRUE(fs::exists(path("copy") + "/.git"));
}

}  // namespace
