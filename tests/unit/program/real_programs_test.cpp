/// @file
/// `inspect` with the programs of this machine.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "kinds.h"
#include "support/preload.h"
#include "support/requirements.h"
#include "support/temporary_folder.h"

namespace keepalive::command {
namespace {

using namespace support;

Kind kind_of(const std::string& program) { return inspect_command(find_program(program)).kind; }

class RealPrograms : public testing::TestWithParam<const char*> {};

using RealClients = RealPrograms;
using RealLaunchers = RealPrograms;
using RealStatic = RealPrograms;

std::string test_name(const testing::TestParamInfo<const char*>& row) {
  std::string name = row.param;
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

// Programs that call socket(2) themselves or in a library, and interpreters that load a module for it.
INSTANTIATE_TEST_SUITE_P(Inspect, RealClients,
                         testing::Values("curl", "wget", "nc.openbsd", "ncat", "socat", "ssh", "rsync", "lftp",
                                         "redis-cli", "mosquitto_sub", "openssl", "telnet", "node", "java", "php",
                                         "perl", "ruby", "lua5.3", "tclsh", "git", "gawk"),
                         test_name);

TEST_P(RealClients, MakeSockets) {
  REQUIRE_PROGRAM(GetParam());
  EXPECT_EQ(kind_of(GetParam()), Kind::makes_sockets);
}

TEST(RealPrograms, PythonMakesSockets) {
  const Outcome path = run({{"python3", "-c", "import os, sys; print(os.path.realpath(sys.executable), end='')"}, {}});
  EXPECT_EQ(inspect_command(path.out).kind, Kind::makes_sockets) << path.out;
}

// Programs that start others, and scripts. Which of them call socket(2) for something else does not matter.
INSTANTIATE_TEST_SUITE_P(Inspect, RealLaunchers,
                         testing::Values("sh", "bash", "dash", "zsh", "fish", "env", "sudo", "su", "runuser", "setpriv",
                                         "timeout", "nice", "nohup", "setsid", "chroot", "unshare", "nsenter", "xargs",
                                         "find", "flock", "stdbuf", "script", "strace", "gdb", "make", "ip",
                                         "start-stop-daemon", "sshd", "psql", "torsocks", "faketime", "valgrind"),
                         test_name);

TEST_P(RealLaunchers, AreLaunchers) {
  REQUIRE_PROGRAM(GetParam());
  const Inspection found = inspect_command(find_program(GetParam()));
  EXPECT_EQ(found.kind, Kind::launcher);
  EXPECT_FALSE(found.starts_none);
}

TEST(RealPrograms, AnInterpreterWithAScriptIsALauncherAsTheScriptIs) {
  REQUIRE_PROGRAM("perl");
  const TemporaryFolder folder;
  const std::string script = folder.path() + "/script";
  std::ofstream(script) << "exit\n";
  const std::string perl = find_program("perl");
  EXPECT_EQ(inspect(perl, {"perl", script}).kind, Kind::launcher);
  EXPECT_EQ(inspect(perl, {"perl", "-w", script, "operand"}).kind, Kind::launcher);
  EXPECT_EQ(inspect(perl, {"perl", "-e", "exit"}).kind, Kind::launcher);
  EXPECT_EQ(inspect(perl, {"perl"}).kind, Kind::makes_sockets);
  EXPECT_EQ(inspect(find_program("nc"), {"nc", script}).kind, Kind::makes_sockets);
  // No interpreter: php-fpm has its configuration as the operand of an option.
  std::filesystem::copy(perl, folder / "php-fpm8.2");
  EXPECT_EQ(inspect(folder / "php-fpm8.2", {"php-fpm8.2", "-y", script}).kind, Kind::makes_sockets);
}

TEST(RealPrograms, ThatCanStartNoOtherAreTold) {
  for (const char* const program : {"cat", "sleep", "date"}) {
    const Inspection found = inspect_command(find_program(program));
    EXPECT_EQ(found.kind, Kind::launcher) << program;
    EXPECT_TRUE(found.starts_none) << program;
  }
}

INSTANTIATE_TEST_SUITE_P(Inspect, RealStatic, testing::Values("busybox"), test_name);

TEST_P(RealStatic, AreStaticallyLinked) {
  REQUIRE_PROGRAM(GetParam());
  EXPECT_EQ(kind_of(GetParam()), Kind::statically_linked);
}

TEST(RealPrograms, AtAFixedAddress) { EXPECT_EQ(kind_of(support::programs + "/sockets-no-pie"), Kind::makes_sockets); }

TEST(RealPrograms, WithMusl) {
  const std::string program = support::programs + "/sockets-musl";
  REQUIRE_OR_SKIP(!find_program(program).empty(), "this needs musl-gcc");
  EXPECT_EQ(kind_of(program), Kind::makes_sockets);
}

TEST(RealPrograms, AStaticProgramAtAnyAddress) {
  REQUIRE_PROGRAM("g++");
  const TemporaryFolder folder;
  const std::string source = folder.file("main.cpp", "int main() {}\n");
  const Outcome built = run({{"g++", "-static-pie", "-o", folder / "program", source}, {}});
  ASSERT_EQ(built.status, 0) << built.err;
  EXPECT_EQ(inspect_command(folder / "program").kind, Kind::statically_linked);
}

TEST(RealPrograms, AGoProgramThatIsLinkedDynamically) {
  REQUIRE_PROGRAM("gron");
  EXPECT_EQ(kind_of("gron"), Kind::go);
}

#ifdef KEEPALIVE_GO
TEST(RealPrograms, AGoProgramAsTheCompilerMakesIt) {
  const TemporaryFolder folder;
  const std::string source = folder.file("main.go", "package main\nfunc main() {}\n");
  for (const std::string flags : {"", "-s -w"}) {
    const Outcome built = run({{KEEPALIVE_GO, "build", "-ldflags", flags, "-o", folder / "program", source},
                               {{"CGO_ENABLED", "0"},
                                {"GO111MODULE", "off"},
                                {"GOCACHE", folder / "cache"},
                                {"GOFLAGS", "-mod=mod"},
                                {"GOPATH", folder / "path"}}});
    ASSERT_EQ(built.status, 0) << built.err;
    EXPECT_EQ(inspect_command(folder / "program").kind, Kind::go) << flags;
  }
}
#endif

TEST(RealPrograms, UnderASanitizer) {
  EXPECT_EQ(kind_of(support::programs + "/check-address"), Kind::address_sanitizer);
  EXPECT_EQ(kind_of(support::programs + "/check-thread"), Kind::makes_sockets);
}

TEST(RealPrograms, TheLoaderAndTheLibrary) {
  const Outcome interpreter = run({{"readelf", "-lW", find_program("true")}, {}});
  const std::string before = "program interpreter: ";
  const std::size_t at = interpreter.out.find(before);
  ASSERT_NE(at, std::string::npos) << interpreter.err;
  const std::size_t begin = at + before.size();
  const std::string loader = interpreter.out.substr(begin, interpreter.out.find(']', begin) - begin);
  EXPECT_EQ(inspect_command(loader).kind, Kind::makes_sockets) << loader;
}

TEST(RealPrograms, ThisMachineIsThatOfTheLibrary) {
  EXPECT_TRUE(own_machine().fits(read_elf(support::library)->machine));
  EXPECT_EQ(describe(own_machine()), describe(read_elf(support::library)->machine));
}

}  // namespace
}  // namespace keepalive::command
