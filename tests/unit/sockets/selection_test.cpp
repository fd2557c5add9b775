#include "command/sockets/selection.h"

#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <filesystem>

#include "support/eventually.h"
#include "support/temporary_folder.h"

namespace keepalive::command {
namespace {

using support::TemporaryFolder;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

const std::string own_number = std::to_string(getpid());

class SelectionTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(prctl(PR_SET_NAME, name_.c_str()), 0); }

  // Other tests of this suite may run at the same time.
  const std::string shown_name_ = "sel " + own_number + " ??";
  const std::string name_ = "sel " + own_number + " \xc3\xa4";
};

TEST_F(SelectionTest, IsEverythingWithoutOperands) {
  const Selection selection({});
  EXPECT_TRUE(selection.is_everything());
  EXPECT_THAT(selection.processes(), Contains(getpid()));
  EXPECT_TRUE(selection.includes(getpid()));
  EXPECT_THAT(selection.unmatched(), IsEmpty());
}

TEST_F(SelectionTest, TakesNumbersAndNamesEachProcessOnce) {
  const Selection selection({own_number, name_, shown_name_});  // as it is, and as it is shown
  EXPECT_FALSE(selection.is_everything());
  EXPECT_THAT(selection.processes(), ElementsAre(getpid()));
  EXPECT_THAT(selection.unmatched(), IsEmpty());
}

TEST_F(SelectionTest, APathMayBeASymbolicLinkToTheFile) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("/proc/self/exe", folder / "link");
  EXPECT_THAT(Selection({folder / "link"}).processes(), Contains(getpid()));
  std::filesystem::create_symlink("/bin/sh", folder / "other");
  EXPECT_THAT(Selection({folder / "other"}).processes(), Not(Contains(getpid())));
}

TEST_F(SelectionTest, APathIsThatOfAFileThatWasReplacedToo) {
  const TemporaryFolder folder;
  const std::string sleep = folder / "sleep";
  std::filesystem::copy("/bin/sleep", sleep);
  const support::Process process({{sleep, "100"}, {}});
  EXPECT_TRUE(support::eventually([&] { return Selection({sleep}).processes() == std::vector{process.pid()}; }));
  std::filesystem::remove(sleep);
  EXPECT_THAT(Selection({sleep}).processes(), ElementsAre(process.pid()));
}

TEST_F(SelectionTest, KnowsWhatIsNotThere) {
  const Selection selection({"4194305", own_number, "no-such-name", "", "99999999999999999999"});
  EXPECT_THAT(selection.processes(), ElementsAre(getpid()));
  EXPECT_THAT(selection.unmatched(), ElementsAre("4194305", "no-such-name", "", "99999999999999999999"));
}

TEST_F(SelectionTest, AProcessThatHasAnotherNameMeanwhileIsNotIncluded) {
  const Selection selection({shown_name_});
  ASSERT_TRUE(selection.includes(getpid()));
  ASSERT_EQ(prctl(PR_SET_NAME, "other"), 0);
  EXPECT_FALSE(selection.includes(getpid()));
  EXPECT_TRUE(Selection({own_number}).includes(getpid()));
}

TEST_F(SelectionTest, NamesAreLookedForInTheGroupsOnly) {
  const Group own{{getpid()}, [](pid_t pid) { return pid == getpid(); }};
  const Group none{{}, [](pid_t) { return false; }};
  EXPECT_THAT(Selection({own_number}, {none, own}).processes(), ElementsAre(getpid()));
  EXPECT_TRUE(Selection({own_number}, {none, own}).includes(getpid()));
  EXPECT_THAT(Selection({own_number}, {none}).unmatched(), ElementsAre(own_number));
  EXPECT_FALSE(Selection({own_number}, {none}).includes(getpid()));
  EXPECT_THAT(Selection({"1"}, {own}).processes(), IsEmpty());
  EXPECT_FALSE(Selection({"1"}, {own}).includes(getpid()));
}

TEST_F(SelectionTest, AProcessThatHasLeftItsGroupMeanwhileIsNotIncluded) {
  bool is_member = true;
  const Selection selection({}, {{{getpid()}, [&](pid_t pid) { return is_member && pid == getpid(); }}});
  EXPECT_FALSE(selection.is_everything());
  EXPECT_THAT(selection.processes(), ElementsAre(getpid()));
  EXPECT_TRUE(selection.includes(getpid()));
  is_member = false;
  EXPECT_FALSE(selection.includes(getpid()));
}

}  // namespace
}  // namespace keepalive::command
