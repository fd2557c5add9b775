/// @file
/// The library beside other libraries and tools that get between a program and libc.
#include <glob.h>
#include <gmock/gmock.h>

#include "support/preload.h"
#include "support/requirements.h"

namespace {

using namespace support;
using testing::HasSubstr;
using testing::StartsWith;

void expect_unharmed(const Outcome& outcome) {
  EXPECT_EQ(outcome.out, howto_output);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.status, 0);
}

// The first file that matches a pattern; empty when none does.
std::string first_match(const char* pattern) {
  glob_t found{};
  std::string path = glob(pattern, 0, nullptr, &found) == 0 ? found.gl_pathv[0] : "";
  globfree(&found);
  return path;
}

struct Companion {
  const char* name;
  const char* pattern;
  bool asks_the_next = true;  ///< whether its own socket() calls the next one, and not libc's directly
};

class CompanionTest : public testing::TestWithParam<Companion> {};

INSTANTIATE_TEST_SUITE_P(Company, CompanionTest,
                         testing::Values(Companion{"Libfaketime", "/usr/lib/*/faketime/libfaketime.so.1"},
                                         Companion{"Eatmydata", "/usr/lib/*/libeatmydata.so"},
                                         Companion{"Torsocks", "/usr/lib/*/torsocks/libtorsocks.so", false},
                                         Companion{"Jemalloc", "/usr/lib/*/libjemalloc.so.2"},
                                         Companion{"Tcmalloc", "/usr/lib/*/libtcmalloc_minimal.so.4"}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST_P(CompanionTest, InBothOrders) {
  const std::string other = first_match(GetParam().pattern);
  REQUIRE_OR_SKIP(!other.empty(), std::string("this needs the library ") + GetParam().pattern);
  expect_unharmed(run({{check}, with(howto_values, {{"LD_PRELOAD", library + ":" + other}})}));
  const Outcome behind = run({{check}, with(howto_values, {{"LD_PRELOAD", other + ":" + library}})});
  if (GetParam().asks_the_next) {
    expect_unharmed(behind);
  } else {
    // A limit: a library in front of ours that calls libc directly is not reached.
    EXPECT_EQ(behind.out, "SO_KEEPALIVE is OFF\n");
    EXPECT_EQ(behind.status, 0);
  }
}

TEST(Company, TwiceInLdPreload) {
  expect_unharmed(run({{check}, with(howto_values, {{"LD_PRELOAD", library + ":" + library}})}));
  // The same object under two names, as in LD_PRELOAD and in /etc/ld.so.preload.
  const std::string copy = testing::TempDir() + "/libkeepalive-copy." + std::to_string(getpid()) + ".so";
  ASSERT_EQ(run({{"cp", library, copy}, {}}).status, 0);
  expect_unharmed(run({{check}, with(howto_values, {{"LD_PRELOAD", library + ":" + copy}})}));
  unlink(copy.c_str());
}

// A dlsym() that returns the function that asks: without a check, the call would never end.
TEST(Company, AnotherLibrarysDlsymIsNotTrusted) {
  const std::string other = programs + "/libown-dlsym.so";
  for (const char* answer : {"own", "null"}) {
    for (const std::string& order : {library + ":" + other, other + ":" + library}) {
      const Environment environment = with(howto_values, {{"LD_PRELOAD", order}, {"OWN_DLSYM", answer}});
      expect_unharmed(run({{check}, environment}));
      expect_unharmed(run({{check, "--accept"}, environment}));
      const Outcome off = run({{check}, with(environment, {{"KEEPALIVE", "off"}})});
      EXPECT_EQ(off.out, "SO_KEEPALIVE is OFF\n");
      EXPECT_EQ(off.status, 0);
    }
  }
}

// Two copies: dlsym() tells the second one that the first one's functions come next, and these call the second one's.
TEST(Company, TwoCopiesAndAnotherLibrarysDlsym) {
  const std::string copy = testing::TempDir() + "/libkeepalive-second." + std::to_string(getpid()) + ".so";
  ASSERT_EQ(run({{"cp", library, copy}, {}}).status, 0);
  const std::string other = programs + "/libown-dlsym.so";
  for (const std::string& order : {library + ":" + copy + ":" + other, other + ":" + library + ":" + copy}) {
    expect_unharmed(run({{check}, with(howto_values, {{"LD_PRELOAD", order}})}));
  }
  unlink(copy.c_str());
}

TEST(Company, AProgramThatDefinesItsOwnSocket) {
  EXPECT_EQ(run_preloaded({programs + "/own-socket"}, howto_values).out, "4242\n");
}

TEST(Company, DlopenedInsteadOfPreloaded) {
  EXPECT_EQ(run({{programs + "/opens-library", library}, howto_values}).out, "unharmed\n");
}

TEST(Company, LibcItselfAsTheProgram) {
  const std::string libc = first_match("/lib/*/libc.so.6");
  REQUIRE_OR_SKIP(!libc.empty(), "this needs a glibc that can be run");
  const Outcome outcome = run_preloaded({libc}, howto_values);
  EXPECT_THAT(outcome.out, StartsWith("GNU C Library"));
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.status, 0);
}

TEST(Company, UnderValgrind) {
  REQUIRE_PROGRAM("valgrind");
  expect_unharmed(run_preloaded({"valgrind", "-q", "--error-exitcode=9", check}, howto_values));
}

TEST(Company, UnderGdb) {
  REQUIRE_PROGRAM("gdb");
  const Outcome outcome = run({{"gdb", "-batch", "-nx", "-ex", "set startup-with-shell off", "-ex",
                                "set environment LD_PRELOAD " + library, "-ex", "run", check},
                               howto_values});
  EXPECT_THAT(outcome.out, HasSubstr(howto_output));
  EXPECT_THAT(outcome.out, HasSubstr("exited normally"));
}

// As libkeepalive(7) says: the sanitizer's runtime first.
TEST(Company, AProgramWithAddressSanitizer) {
  const std::string order = std::string(KEEPALIVE_ASAN_RUNTIME) + " " + library;
  expect_unharmed(run({{programs + "/check-address"}, with(howto_values, {{"LD_PRELOAD", order}})}));
}

TEST(Company, AProgramWithThreadSanitizer) {
  const std::string order = std::string(KEEPALIVE_TSAN_RUNTIME) + " " + library;
  expect_unharmed(run({{programs + "/check-thread"}, with(howto_values, {{"LD_PRELOAD", order}})}));
}

}  // namespace
