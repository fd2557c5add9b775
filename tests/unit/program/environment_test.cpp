#include "command/program/environment.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace keepalive::command {
namespace {

using testing::ElementsAre;

/// Sets the environment of this process as long as this object lives.
class EnvironmentTest : public testing::Test {
 protected:
  void SetUp() override { before_ = environ; }
  void TearDown() override { environ = before_; }

  void set(const std::vector<std::string>& entries) {
    texts_ = entries;
    pointers_.clear();
    for (std::string& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
    environ = pointers_.data();
  }

  [[nodiscard]] static std::vector<std::string> entries() {
    std::vector<std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
    return all;
  }

 private:
  char** before_ = nullptr;
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

TEST_F(EnvironmentTest, AVariableThatIsSetIsThereOnce) {
  set({"A=1", "B=2", "A=3"});
  set_variable("A", "4");
  EXPECT_THAT(entries(), ElementsAre("B=2", "A=4"));
  set({"A=1", "B=2", "A=3"});
  remove_variable("A");
  EXPECT_THAT(entries(), ElementsAre("B=2"));
}

TEST_F(EnvironmentTest, OfTwoLdPreloadTheLoadersStays) {
  set({"LD_PRELOAD=first.so", "B=2", "LD_PRELOAD=last.so"});
  remove_duplicates();
  EXPECT_THAT(entries(), ElementsAre("B=2", "LD_PRELOAD=last.so"));
  add_to_preload("ours.so");
  EXPECT_THAT(entries(), ElementsAre("B=2", "LD_PRELOAD=ours.so:last.so"));
}

TEST_F(EnvironmentTest, OfTwoOfOurVariablesTheLibrarysStays) {
  for (const std::string name :
       {"KEEPALIVE", "KEEPALIVE_DEBUG", "KEEPIDLE", "KEEPINTVL", "KEEPCNT", "KEEPALIVE_USER_TIMEOUT"}) {
    set({name + "=5", "B=2", name + "=6", name + "="});
    remove_duplicates();
    EXPECT_THAT(entries(), ElementsAre("B=2", name + "=5"));
  }
}

TEST_F(EnvironmentTest, WhatIsThereOnceAndWhatIsNotOursIsLeftAlone) {
  const std::vector<std::string> all{"A=1", "KEEPIDLE=5", "A=2", "LD_PRELOAD=x", "KEEPIDLEX=1", "KEEPIDLEX=2", "odd"};
  set(all);
  remove_duplicates();
  EXPECT_EQ(entries(), all);
}

TEST_F(EnvironmentTest, TheLibraryIsPutInFrontUnlessItIsThere) {
  for (const char* present : {"ours.so", "a.so:ours.so", "ours.so a.so", ":ours.so:"}) {
    set({std::string("LD_PRELOAD=") + present});
    add_to_preload("ours.so");
    EXPECT_THAT(entries(), ElementsAre(std::string("LD_PRELOAD=") + present));
  }
  set({"LD_PRELOAD=ours.so.other"});
  add_to_preload("ours.so");
  EXPECT_THAT(entries(), ElementsAre("LD_PRELOAD=ours.so:ours.so.other"));
  set({});
  add_to_preload("ours.so");
  EXPECT_THAT(entries(), ElementsAre("LD_PRELOAD=ours.so"));
}

}  // namespace
}  // namespace keepalive::command
