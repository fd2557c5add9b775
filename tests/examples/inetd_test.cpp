/// @file
/// The example for inetd: a real inetd reads its lines, and the options of its connections are read from outside.
#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include <filesystem>
#include <regex>

#include "examples.h"
#include "support/eventually.h"
#include "support/expected_options.h"
#include "support/keepalive_command.h"
#include "support/loopback.h"
#include "support/open_sockets.h"
#include "support/preload.h"
#include "support/requirements.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;
namespace fs = std::filesystem;

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
    // Copies that inetd's user may read, which is not so in every build folder.
    fs::create_directory(folder_ / "bin");
    fs::create_directory(folder_ / "lib");
    fs::copy_file(keepalive_path, folder_ / "bin/keepalive");
    fs::copy_file(library, folder_ / "lib/libkeepalive.so");
    fs::copy_file(examples::tests + "real/scripts/server.py", folder_ / "server.py");
  }

  // The example's line for the service, with the paths of this machine.
  [[nodiscard]] std::string line(const std::string& service, const std::string& server) const {
    std::smatch match;
    const std::string text = examples::text_of("inetd.conf");
    if (!std::regex_search(text, match, std::regex("\n" + service + "( .*)"))) return "no such line";
    std::string line = match[1];
    line = std::regex_replace(line, std::regex("/usr/bin/keepalive"), folder_.path() + "/bin/keepalive");
    line = std::regex_replace(line, std::regex("libkeepalive.so"), folder_ / "lib/libkeepalive.so");
    return std::regex_replace(line, std::regex("/usr/sbin/legacy-server"), server);
  }

  // The options of a connection to the service of this line. Waits for them to become `expected`.
  [[nodiscard]] std::string connection_by(const std::string& line, const std::string& program,
                                          const std::string& expected) const {
    const std::string file = folder_ / "inetd.conf";
    const int port = free_port();
    std::ofstream(file) << "127.0.0.1:" << port << line << "\n";
    const Process inetd({{"inetd", "-i", file}, {}});
    if (!wait_for_tcp_socket(inetd.pid(), TCP_LISTEN)) return "inetd does not listen";
    // The server ends when this connection is closed.
    const Descriptor connection = connect_to(port);
    std::string last = "no connection";
    eventually([&] {
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
      return last == expected;
    });
    return last;
  }

  [[nodiscard]] std::string server() const { return "/usr/bin/python3 " + folder_ / "server.py" + " 0"; }

 private:
  const TemporaryFolder folder_;
};

TEST_F(InetdExample, Nowait) {
  EXPECT_EQ(connection_by(line("legacy", "/usr/bin/cat"), "cat", all_readme_options), all_readme_options);
}

TEST_F(InetdExample, Wait) {
  EXPECT_EQ(connection_by(line("legacy-wait", server()), "python", all_readme_options), all_readme_options);
}

TEST_F(InetdExample, WithoutTheCommand) {
  EXPECT_EQ(connection_by(line("legacy-env", "/usr/bin/cat"), "cat", all_readme_options), all_readme_options);
}

TEST_F(InetdExample, WithoutTheLibraryThereIsNone) {
  EXPECT_EQ(connection_by(" stream tcp nowait nobody /usr/bin/cat cat", "cat", no_options), no_options);
}

}  // namespace
