#include "keepalive/apply.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cerrno>
#include <tuple>
#include <vector>

namespace keepalive {
namespace {

using testing::ElementsAre;

struct Call {
  int fd;
  int level;
  int name;
  int value;
  bool operator==(const Call&) const = default;
};

// Stands for the kernel: records what was set, and refuses one option.
std::vector<Call> calls;
int refused_name = -1;

int fake_setsockopt(int fd, int level, int name, const void* value, socklen_t size) noexcept {
  EXPECT_EQ(size, sizeof(int));
  calls.push_back({fd, level, name, *static_cast<const int*>(value)});
  if (name != refused_name) return 0;
  errno = ENOPROTOOPT;
  return -1;
}

class ApplyTest : public testing::Test {
 protected:
  ApplyTest() {
    calls.clear();
    refused_name = -1;
  }

  static Settings all_values() {
    Settings settings;
    settings.values.at(option_index(TCP_KEEPCNT)) = 20;
    settings.values.at(option_index(TCP_KEEPIDLE)) = 180;
    settings.values.at(option_index(TCP_KEEPINTVL)) = 60;
    settings.values.at(option_index(TCP_USER_TIMEOUT)) = 1'380'000;
    return settings;
  }
};

TEST_F(ApplyTest, WithoutValuesTurnsKeepaliveOnAndNothingElse) {
  apply(7, Settings{}, fake_setsockopt);
  EXPECT_THAT(calls, ElementsAre(Call{7, SOL_SOCKET, SO_KEEPALIVE, 1}));
}

TEST_F(ApplyTest, SetsAllValuesInTheDocumentedOrder) {
  apply(7, all_values(), fake_setsockopt);
  EXPECT_THAT(calls, ElementsAre(Call{7, SOL_SOCKET, SO_KEEPALIVE, 1}, Call{7, IPPROTO_TCP, TCP_KEEPCNT, 20},
                                 Call{7, IPPROTO_TCP, TCP_KEEPIDLE, 180}, Call{7, IPPROTO_TCP, TCP_KEEPINTVL, 60},
                                 Call{7, IPPROTO_TCP, TCP_USER_TIMEOUT, 1'380'000}));
}

TEST_F(ApplyTest, ARefusedOptionStopsNoOther) {
  for (const int name : {SO_KEEPALIVE, TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_USER_TIMEOUT}) {
    calls.clear();
    refused_name = name;
    apply(7, all_values(), fake_setsockopt);
    EXPECT_EQ(calls.size(), 1 + options.size());
  }
}

TEST_F(ApplyTest, NotesWhatWasRefusedAndWhy) {
  refused_name = TCP_KEEPIDLE;
  Refusals refusals;
  apply(7, all_values(), fake_setsockopt, &refusals);
  EXPECT_EQ(refusals.keepalive, 0);
  for (std::size_t i = 0; i < options.size(); ++i) {
    EXPECT_EQ(refusals.values[i], options[i].number == TCP_KEEPIDLE ? ENOPROTOOPT : 0);
  }
}

TEST_F(ApplyTest, LeavesErrnoAloneAlsoWhenEverythingIsRefused) {
  errno = EXDEV;
  apply(-1, all_values(), ::setsockopt);
  EXPECT_EQ(errno, EXDEV);
}

TEST_F(ApplyTest, WorksOnARealSocket) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_FALSE(has_keepalive(fd));
  apply(fd, all_values(), ::setsockopt);
  EXPECT_TRUE(has_keepalive(fd));
  for (const auto& [name, expected] :
       {std::tuple{TCP_KEEPCNT, 20}, {TCP_KEEPIDLE, 180}, {TCP_KEEPINTVL, 60}, {TCP_USER_TIMEOUT, 1'380'000}}) {
    int value = 0;
    socklen_t size = sizeof value;
    ASSERT_EQ(getsockopt(fd, IPPROTO_TCP, name, &value, &size), 0);
    EXPECT_EQ(value, expected);
  }
  close(fd);
}

// The ranges of the table are the kernel's: it refuses the next number.
TEST_F(ApplyTest, TheKernelTakesTheWholeRangeAndNoMore) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  for (const Option& option : options) {
    for (const int value : {option.minimum, option.maximum}) {
      EXPECT_EQ(setsockopt(fd, IPPROTO_TCP, option.number, &value, sizeof value), 0) << option.name << " " << value;
    }
    if (option.maximum == INT_MAX) continue;
    const int beyond = option.maximum + 1;
    EXPECT_EQ(setsockopt(fd, IPPROTO_TCP, option.number, &beyond, sizeof beyond), -1) << option.name;
  }
  close(fd);
}

TEST_F(ApplyTest, HasKeepaliveIsFalseForWhatIsNotASocket) {
  EXPECT_FALSE(has_keepalive(-1));
  EXPECT_FALSE(has_keepalive(STDIN_FILENO));
}

}  // namespace
}  // namespace keepalive
