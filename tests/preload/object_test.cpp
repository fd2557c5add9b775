/// @file
/// What the shared object imports and exports.
#include <gmock/gmock.h>

#include <sstream>

#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;
using testing::HasSubstr;
using testing::IsSubsetOf;
using testing::Not;

// The lines of a command's output that hold `part`.
std::vector<std::string> lines_with(const std::string& part, const std::vector<std::string>& command) {
  const Outcome outcome = run({command, {}});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  std::vector<std::string> lines;
  std::istringstream text(outcome.out);
  for (std::string line; std::getline(text, line);) {
    if (line.find(part) != std::string::npos) lines.push_back(line);
  }
  return lines;
}

// The last word of each line, without a symbol version.
std::vector<std::string> symbols(const std::vector<std::string>& lines) {
  std::vector<std::string> names;
  for (const std::string& line : lines) {
    const std::string last = line.substr(line.rfind(' ') + 1);
    names.push_back(last.substr(0, last.find('@')));
  }
  return names;
}

class ObjectTest : public testing::Test {
 protected:
  void SetUp() override { REQUIRE_PROGRAM("readelf"); }
};

TEST_F(ObjectTest, NeedsLibcOnly) {
  for (const std::string& line : lines_with("(NEEDED)", {"readelf", "-dW", library})) {
    EXPECT_THAT(line, HasSubstr("[libc.so."));
  }
}

TEST_F(ObjectTest, ExportsTheInterposedFunctionsAndNothingElse) {
  EXPECT_THAT(symbols(lines_with(" ", {"nm", "-D", "--defined-only", library})),
              testing::UnorderedElementsAre("socket", "accept", "accept4", "connect", "listen", "setsockopt"));
}

// No allocation, no stdio, no cancellation point, no fortified function.
TEST_F(ObjectTest, ImportsAFewFunctionsThatAreSafeEverywhere) {
  EXPECT_THAT(symbols(lines_with(" ", {"nm", "-D", "--undefined-only", library})),
              IsSubsetOf({"__errno_location", "__stack_chk_fail", "dl_iterate_phdr", "dlsym", "getsockopt",
                          "secure_getenv", "syscall"}));
}

TEST_F(ObjectTest, KeepsTheHostsHardening) {
  const std::string headers = run({{"readelf", "-lW", library}, {}}).out;
  EXPECT_THAT(headers, HasSubstr("GNU_RELRO"));
  EXPECT_THAT(headers, testing::ContainsRegex("GNU_STACK .* RW "));
  EXPECT_THAT(headers, Not(HasSubstr("RWE")));
  const std::string dynamic = run({{"readelf", "-dW", library}, {}}).out;
  EXPECT_THAT(dynamic, HasSubstr("NOW"));
  EXPECT_THAT(dynamic, Not(HasSubstr("TEXTREL")));
}

TEST_F(ObjectTest, HasNothingToRunAtTheEndOfAProcess) {
  const std::string dynamic = run({{"readelf", "-dW", library}, {}}).out;
  EXPECT_THAT(dynamic, Not(HasSubstr("FINI")));
}

#if defined(__x86_64__)
TEST_F(ObjectTest, KeepsControlFlowProtection) {
  EXPECT_THAT(run({{"readelf", "-nW", library}, {}}).out, HasSubstr("IBT, SHSTK"));
}
#endif

}  // namespace
