/// @file
/// What the library may cost, in figures that do not depend on the machine's speed: system calls, instructions, bytes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <regex>

#include "keepalive/descriptor.h"
#include "support/preload.h"
#include "support/requirements.h"
#include "support/temporary_folder.h"

namespace {

using namespace support;

const Environment off = with(howto_values, {{"KEEPALIVE", "off"}});

std::vector<std::string> calls(const std::string& what, int count) {
  return {KEEPALIVE_CALLS, what, std::to_string(count)};
}

long system_calls(const std::string& what, int count, const Environment& environment) {
  std::vector<std::string> command{"strace", "-f", "-qq", "-o", "/dev/stderr"};
  for (const auto& [name, value] : environment) command.insert(command.end(), {"-E", name + "=" + value});
  const std::string trace = run({joined(command, calls(what, count)), {}}).err;
  return std::count(trace.begin(), trace.end(), '\n');
}

long instructions(const std::string& what, int count, const Environment& environment) {
  const std::vector<std::string> valgrind{"valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"};
  const std::string report = run({joined(valgrind, calls(what, count)), environment}).err;
  std::smatch collected;
  EXPECT_TRUE(std::regex_search(report, collected, std::regex("Collected : ([0-9]+)"))) << report;
  return std::stol(collected[1]);
}

/// How much more of something one call costs with the library than without.
template <class Count>
double added_per_call(Count count, const std::string& what, const Environment& environment) {
  constexpr int few = 10;
  constexpr int many = 1010;
  const auto per_call = [&](const Environment& one) {
    return static_cast<double>(count(what, many, one) - count(what, few, one)) / (many - few);
  };
  return per_call(preloaded(environment)) - per_call({});
}

struct SystemCallBudget {
  const char* name;
  const char* what;
  double on;
};

class SystemCallTest : public testing::TestWithParam<SystemCallBudget> {
 protected:
  void SetUp() override { REQUIRE_PROGRAM("strace"); }
};

// For one accept the program also makes a client with socket(): four for TCP, none for UNIX.
INSTANTIATE_TEST_SUITE_P(Budget, SystemCallTest,
                         testing::Values(SystemCallBudget{"TcpSocket", "tcp", 4},
                                         SystemCallBudget{"TcpSocketWithOwnOptions", "tcp-by-hand", 4},
                                         SystemCallBudget{"UdpSocket", "udp", 0},
                                         SystemCallBudget{"UnixSocket", "unix", 0},
                                         SystemCallBudget{"NetlinkSocket", "netlink", 0},
                                         SystemCallBudget{"TcpAccept", "tcp-accept", 4 + 1},
                                         SystemCallBudget{"TcpAcceptWithoutAddress", "tcp-accept-no-address", 4 + 1},
                                         SystemCallBudget{"UnixAccept", "unix-accept", 0},
                                         SystemCallBudget{"UnixAcceptWithoutAddress", "unix-accept-no-address", 1}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(SystemCallTest, AsFewAsCanBe) {
  EXPECT_DOUBLE_EQ(added_per_call(system_calls, GetParam().what, howto_values), GetParam().on);
}

TEST_P(SystemCallTest, NoneUnderOff) { EXPECT_DOUBLE_EQ(added_per_call(system_calls, GetParam().what, off), 0); }

TEST(Budget, OneSystemCallMoreForEachValue) {
  REQUIRE_PROGRAM("strace");
  EXPECT_DOUBLE_EQ(added_per_call(system_calls, "tcp", {}), 1);
  EXPECT_DOUBLE_EQ(added_per_call(system_calls, "tcp", {{"KEEPIDLE", "60"}}), 2);
  EXPECT_DOUBLE_EQ(added_per_call(system_calls, "tcp", with(howto_values, {{"KEEPALIVE_USER_TIMEOUT", "auto"}})), 5);
}

// Reports a figure and compares it with its budget.
void expect_at_most(const char* what, double reached, double budget) {
  reached = std::round(
      reached);  // the counts are whole numbers; the fraction comes from the start and end of the measured loop
  std::cout << what << ": " << reached << " (at most " << budget << ")\n";
  EXPECT_LE(reached, budget) << what;
}

class InstructionTest : public testing::Test {
 protected:
  void SetUp() override { REQUIRE_PROGRAM("valgrind"); }
};

TEST_F(InstructionTest, AddedPerTcpSocket) {
  expect_at_most("instructions per TCP socket()", added_per_call(instructions, "tcp", howto_values), 107);
}

TEST_F(InstructionTest, AddedPerUnixSocket) {
  expect_at_most("instructions per UNIX socket()", added_per_call(instructions, "unix", howto_values), 12);
}

TEST_F(InstructionTest, AddedPerProcessStart) {
  // The loader's work depends on the length of the library's path. So the path is not that of the build folder.
  const TemporaryFolder folder;
  const auto start_with = [&](const std::string& file) {
    const std::string copy = folder / "library.so";
    std::filesystem::copy_file(file, copy, std::filesystem::copy_options::overwrite_existing);
    return instructions("nothing", 0, with(howto_values, {{"LD_PRELOAD", copy}}));
  };
  const long bare = instructions("nothing", 0, howto_values);
  const long empty = start_with(KEEPALIVE_EMPTY_LIBRARY);
  const long ours = start_with(library);
  std::cout << "instructions per process start, an empty library: " << empty - bare << '\n';
  // 10 200 for any library, 4 000 for the six questions to dlsym(3), 1 400 to check its answers, 500 for each variable.
  expect_at_most("instructions per process start", static_cast<double>(ours - bare), 23300);
}

TEST(Budget, MemoryPrivateToEachProcess) {
  // Pages of a file that was just made count as dirty until they are on the disk.
  const keepalive::Descriptor file(open(library.c_str(), O_RDONLY));
  ASSERT_EQ(fsync(file.get()), 0);
  Process process({calls("pause", 0), preloaded(howto_values)});
  ASSERT_TRUE(process.wait_for_output("ready\n"));
  std::ifstream mappings("/proc/" + std::to_string(process.pid()) + "/smaps");
  bool ours = false;
  long kilobytes = 0;
  const std::regex header("^[0-9a-f]+-[0-9a-f]+ .*");
  for (std::string line; std::getline(mappings, line);) {
    if (std::regex_match(line, header)) ours = line.find("libkeepalive.so") != std::string::npos;
    if (ours && line.rfind("Private_Dirty:", 0) == 0) kilobytes += std::stol(line.substr(14));
  }
  EXPECT_GT(kilobytes, 0);
  expect_at_most("KiB private to each process", static_cast<double>(kilobytes), 4);
}

TEST(Budget, SizeOfTheStrippedFile) {
  REQUIRE_PROGRAM("strip");
  const std::string stripped = testing::TempDir() + "/stripped." + std::to_string(getpid());
  ASSERT_EQ(run({{"strip", "-o", stripped, library}, {}}).status, 0);
  // 17 KiB are code and read-only data, a quarter of them messages and how they are written without waiting. What the
  // loader makes read-only ends with a page, the tables of sections stand behind it: 21.4 KiB, or 17.4.
  expect_at_most("bytes of the stripped file", static_cast<double>(std::filesystem::file_size(stripped)), 21.5 * 1024);
  std::filesystem::remove(stripped);
}

TEST(Budget, SixRelocationsInTwoSegments) {
  REQUIRE_PROGRAM("readelf");
  const std::string relocations = run({{"readelf", "-rW", library}, {}}).out;
  const std::string segments = run({{"readelf", "-lW", library}, {}}).out;
  const auto lines_like = [](const std::string& text, const char* pattern) {
    const std::regex expression(pattern);
    return std::distance(std::sregex_iterator(text.begin(), text.end(), expression), std::sregex_iterator());
  };
  EXPECT_EQ(lines_like(relocations, "R_X86_64_"), 6);
  EXPECT_EQ(lines_like(segments, "\n  LOAD "), 2);
}

// 2.17 has secure_getenv(3): older versions of glibc end every program that loads the library.
TEST(Budget, SymbolVersionsAreOld) {
  REQUIRE_PROGRAM("objdump");
  const std::string table = run({{"objdump", "-T", library}, {}}).out;
  const std::regex wanted(R"(\(?GLIBC_2\.([0-9]+)(\.[0-9]+)?\)?\s+(\S+))");
  for (std::sregex_iterator it(table.begin(), table.end(), wanted), end; it != end; ++it) {
    const int version = std::stoi((*it)[1]);
    EXPECT_LE(version, 17) << (*it)[0];
  }
}

}  // namespace
