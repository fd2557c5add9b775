/// @file
/// What is known of a thread that has made a stopped call.
#include "command/supervisor/caller.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace {

using namespace keepalive::command;
using testing::ElementsAre;

constexpr char text[] =
    "Name:\tsh\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t1234\nNgid:\t0\nPid:\t1236\nPPid:\t77\nTracerPid:\t5\n"
    "Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nFDSize:\t64\nGroups:\t10 20 4294967294 \nNStgid:\t1234\n";

TEST(ThreadStatus, HasTheCredentialsThatASocketKeeps) {
  const auto status = parse_status(text);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->process, 1234);
  EXPECT_EQ(status->real_user, 1U);
  EXPECT_EQ(status->identity.filesystem_user, 4U);
  EXPECT_EQ(status->identity.filesystem_group, 8U);
  EXPECT_THAT(status->identity.groups, ElementsAre(10, 20, 4294967294));
}

TEST(ThreadStatus, MayHaveNoGroups) {
  const std::string all = text;
  const std::string groups = "10 20 4294967294 ";
  std::string without = all;
  without.erase(without.find(groups), groups.size());
  const auto status = parse_status(without);
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->identity.groups.empty());
}

// Anybody can choose a name. It cannot look like another line, because the kernel escapes newlines.
TEST(ThreadStatus, IsNoneWithoutAllLines) {
  for (const char* const line : {"\nTgid:\t1234", "\nUid:\t1\t2\t3\t4", "\nGid:\t5\t6\t7\t8"}) {
    std::string without = text;
    without.erase(without.find(line), std::string(line).size());
    EXPECT_FALSE(parse_status(without)) << line;
  }
  EXPECT_FALSE(parse_status(""));
}

TEST(Caller, IsThisProcess) {
  const Caller self(getpid());
  ASSERT_TRUE(self.is_open());
  struct stat network {};
  ASSERT_EQ(stat("/proc/self/net/tcp", &network), 0);
  EXPECT_EQ(self.network(), network.st_ino);
  const auto status = self.status();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->process, getpid());
  EXPECT_EQ(status->real_user, getuid());
  EXPECT_TRUE(self.cgroups());
}

TEST(Caller, IsAThreadAlone) {
  std::atomic<pid_t> number{0};
  std::atomic<bool> may_end{false};
  std::thread thread([&] {
    number = gettid();
    while (!may_end) std::this_thread::yield();
  });
  while (number == 0) std::this_thread::yield();
  const Caller caller(number);
  const auto status = caller.status();
  may_end = true;
  thread.join();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->process, getpid());
  EXPECT_FALSE(caller.status()) << "the thread has ended";
}

TEST(Callers, KeepsFilesOpenAndForgets) {
  Callers callers;
  const auto first = callers.find(getpid());
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(callers.find(getpid()), first);
  callers.forget(getpid());
  EXPECT_NE(callers.find(getpid()), first);
  callers.forget_all();
  EXPECT_EQ(callers.find(1 << 30), nullptr);
}

}  // namespace
