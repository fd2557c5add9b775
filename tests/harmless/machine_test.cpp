/// @file
/// A whole machine with the library in /etc/ld.so.preload: a private one, in a mount namespace. Nothing of it is left.
#include <gmock/gmock.h>
#include <netinet/tcp.h>

#include <filesystem>

#include "support/expected_options.h"
#include "support/loopback.h"
#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;
using testing::HasSubstr;
namespace fs = std::filesystem;

const std::string scripts = KEEPALIVE_SCRIPTS;

// Runs a shell script in a private root whose /etc/ld.so.preload has the line.
Outcome run_on_machine(const std::string& line, const std::string& script) {
  return run({{scripts + "/private-root", line, "bash", "-c", script},
              {{"FILES", library + " " + check + " " + programs + "/libnaive.so"}}});
}

class MachineTest : public testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_ROOT();
    REQUIRE_PROGRAM("unshare");
    REQUIRE_PROGRAM("setpriv");
  }
};

constexpr char line[] = "/tested/libkeepalive.so";
constexpr char with_system_values[] =
    "SO_KEEPALIVE is ON\nTCP_KEEPCNT   = 9\nTCP_KEEPIDLE  = 7200\nTCP_KEEPINTVL = 75\n";

TEST_F(MachineTest, EveryProgramGetsKeepaliveWithTheSystemsValues) {
  const Outcome outcome = run_on_machine(line, "/tested/keepalive-check");
  EXPECT_EQ(outcome.out, with_system_values);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(MachineTest, AProcessGetsOutWithOff) {
  EXPECT_EQ(run_on_machine(line, "KEEPALIVE=off /tested/keepalive-check").out, "SO_KEEPALIVE is OFF\n");
}

// The program made setuid and started by another user with the environment given.
std::string as_setuid_program(const std::string& environment) {
  return "chmod 4755 /tested/keepalive-check && setpriv --reuid=65534 --regid=65534 --clear-groups env " + environment +
         " /tested/keepalive-check";
}

TEST_F(MachineTest, ASetuidProgramTakesNothingFromItsCallerAndPrintsNothingOfIt) {
  const Outcome outcome = run_on_machine(
      line, as_setuid_program("KEEPIDLE=77 KEEPCNT=evil KEEPALIVE=off KEEPALIVE_DEBUG=1 KEEPALIVE_USER_TIMEOUT=1"));
  EXPECT_EQ(outcome.out, with_system_values);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(MachineTest, ASetuidProgramWithANaiveLibraryTakesItsCallersValues) {
  EXPECT_THAT(run_on_machine("/tested/libnaive.so", as_setuid_program("KEEPIDLE=77")).out,
              HasSubstr("TCP_KEEPIDLE  = 77\n"));
}

TEST_F(MachineTest, AMissingFileLeavesTheLoadersOwnMessageOnly) {
  const Outcome outcome = run_on_machine(line, "rm /tested/libkeepalive.so; /tested/keepalive-check");
  EXPECT_EQ(outcome.out, "SO_KEEPALIVE is OFF\n");
  EXPECT_EQ(outcome.err,
            "ERROR: ld.so: object '/tested/libkeepalive.so' from /etc/ld.so.preload cannot be preloaded (cannot open "
            "shared object file): ignored.\n");
}

// The steps of libkeepalive(7) by hand.
TEST_F(MachineTest, TheManualsStepsAndTheWayBack) {
  const Outcome outcome = run_on_machine("",
                                         "set -e\n"
                                         "LD_PRELOAD=/tested/libkeepalive.so /bin/true && echo loads\n"
                                         "printf '\\n/tested/libkeepalive.so\\n' >> /etc/ld.so.preload\n"
                                         "/tested/keepalive-check | head -1\n"
                                         "sed -i 's|/tested/libkeepalive\\.so||' /etc/ld.so.preload\n"
                                         "rm /tested/libkeepalive.so\n"
                                         "/tested/keepalive-check\n");
  EXPECT_EQ(outcome.out, "loads\nSO_KEEPALIVE is ON\nSO_KEEPALIVE is OFF\n");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(MachineTest, AWrongLineIsUndoneByAShellThatStillRuns) {
  const Outcome outcome = run_on_machine("",
                                         "echo /tested/wrong.so > /etc/ld.so.preload\n"
                                         ": > /etc/ld.so.preload\n"
                                         "/tested/keepalive-check\n");
  EXPECT_EQ(outcome.out, "SO_KEEPALIVE is OFF\n");
  EXPECT_EQ(outcome.err, "");
}

// Replaced by a rename while a program has it loaded: this program goes on with the old one, the next program gets the
// new one.
TEST(Upgrade, InPlaceAndRemovalWhileProgramsRun) {
  const fs::path folder = fs::path(testing::TempDir()) / ("upgrade." + std::to_string(getpid()));
  fs::create_directories(folder);
  const std::string installed = (folder / "libkeepalive.so").string();
  fs::copy_file(library, installed);

  const Listener listener;
  Process shell({{"bash"}, with(howto_values, {{"LD_PRELOAD", installed}})});
  const auto connect_shell = [&](int fd) {
    shell.write("exec " + std::to_string(fd) + "<>/dev/tcp/127.0.0.1/" + std::to_string(listener.port()) + "; echo " +
                std::to_string(fd) + "\n");
    EXPECT_TRUE(shell.wait_for_output(std::to_string(fd) + "\n"));
    for (const TcpSocket& socket : tcp_sockets_of(shell.pid())) {
      if (socket.fd == fd) return options_text(socket);
    }
    return std::string("no such socket");
  };
  EXPECT_EQ(connect_shell(7), all_howto_options);

  fs::copy_file(library, folder / "new");
  fs::rename(folder / "new", installed);
  EXPECT_EQ(connect_shell(8), all_howto_options);
  EXPECT_THAT(run({{check}, with(howto_values, {{"LD_PRELOAD", installed}})}).out, HasSubstr("TCP_KEEPIDLE  = 180"));

  fs::remove(installed);
  EXPECT_EQ(connect_shell(9), all_howto_options);
  shell.close_input();
  const Outcome outcome = shell.wait();
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.status, 0);
  fs::remove_all(folder);
}

}  // namespace
