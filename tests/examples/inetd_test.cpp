/// @file
/// The lines for inetd, read by a real one; the connections that it makes are looked at from outside.
#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include <filesystem>
#include <regex>
#include <thread>

#include "examples.h"
#include "support/loopback.h"
#include "support/open_sockets.h"
#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;
namespace fs = std::filesystem;

constexpr char asked_for[] = "SO_KEEPALIVE=1 TCP_KEEPCNT=4 TCP_KEEPIDLE=120 TCP_KEEPINTVL=30 TCP_USER_TIMEOUT=0";
constexpr char without[] = "SO_KEEPALIVE=0 TCP_KEEPCNT=9 TCP_KEEPIDLE=7200 TCP_KEEPINTVL=75 TCP_USER_TIMEOUT=0";

std::vector<pid_t> children_of(pid_t parent) {
  const std::string number = std::to_string(parent);
  std::ifstream list("/proc/" + number + "/task/" + number + "/children");
  return {std::istream_iterator<pid_t>(list), {}};
}

class InetdExample : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_ROOT();
    REQUIRE_PROGRAM("inetd");
    REQUIRE_PROGRAM("python3");
    // Where inetd's user may read them, wherever the project lies.
    fs::create_directories(folder_ / "bin");
    fs::create_directories(folder_ / "lib");
    fs::copy_file(KEEPALIVE_COMMAND, folder_ / "bin/keepalive");
    fs::copy_file(library, folder_ / "lib/libkeepalive.so");
    fs::copy_file(examples::tests + "real/scripts/server.py", folder_ / "server.py");
  }
  void TearDown() override { fs::remove_all(folder_); }

  // The example's line for the service, made to fit this machine.
  [[nodiscard]] std::string line(const std::string& service, const std::string& server) const {
    std::smatch match;
    const std::string text = examples::text_of("inetd.conf");
    if (!std::regex_search(text, match, std::regex("\n" + service + "( .*)"))) return "no such line";
    std::string line = match[1];
    line = std::regex_replace(line, std::regex("/usr/local"), folder_.string());
    line = std::regex_replace(line, std::regex("libkeepalive.so"), (folder_ / "lib/libkeepalive.so").string());
    return std::regex_replace(line, std::regex("/usr/sbin/legacy-server"), server);
  }

  // The options of the connection that inetd makes of the line, as soon as they are the expected ones.
  [[nodiscard]] std::string connection_by(const std::string& line, const std::string& program,
                                          const std::string& expected) const {
    const std::string file = (folder_ / "inetd.conf").string();
    const int port = free_port();
    std::ofstream(file) << "127.0.0.1:" << port << line << "\n";
    const Process inetd({{"inetd", "-i", file}, {}});
    if (!wait_for_tcp_socket(inetd.pid(), TCP_LISTEN)) return "inetd does not listen";
    // While the test has this, the server stays; it ends with it.
    const Descriptor connection = connect_to(port);
    std::string last = "no connection";
    const auto deadline = std::chrono::steady_clock::now() + Process::patience;
    while (last != expected && std::chrono::steady_clock::now() < deadline) {
      for (const pid_t child : children_of(inetd.pid())) {
        std::error_code gone;
        if (fs::read_symlink("/proc/" + std::to_string(child) + "/exe", gone).filename().string().rfind(program, 0) !=
            0) {
          continue;
        }
        for (const TcpSocket& socket : tcp_sockets_of(child)) {
          if (socket.state == TCP_ESTABLISHED) last = options_text(socket);
        }
      }
      // Nothing tells an outsider that a process has come this far.
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return last;
  }

  [[nodiscard]] std::string server() const { return "/usr/bin/python3 " + (folder_ / "server.py").string() + " 0"; }

 private:
  fs::path folder_ = fs::path(testing::TempDir()) / ("inetd." + std::to_string(getpid()));
};

TEST_F(InetdExample, Nowait) { EXPECT_EQ(connection_by(line("legacy", "/usr/bin/cat"), "cat", asked_for), asked_for); }

TEST_F(InetdExample, Wait) { EXPECT_EQ(connection_by(line("legacy-wait", server()), "python", asked_for), asked_for); }

TEST_F(InetdExample, WithoutTheCommand) {
  EXPECT_EQ(connection_by(line("legacy-env", "/usr/bin/cat"), "cat", asked_for), asked_for);
}

TEST_F(InetdExample, WithoutTheLibraryThereIsNone) {
  EXPECT_EQ(connection_by(" stream tcp nowait nobody /usr/bin/cat cat", "cat", without), without);
}

}  // namespace
