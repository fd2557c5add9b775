/// @file
/// What users are told when their kernel is too old for `attach`.
#include "command/cgroup/kernel_support.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace {

using namespace keepalive;
using namespace keepalive::command;
using testing::HasSubstr;

TEST(KernelSupportTest, TooOldIsToldWithWhatWorks) {
  const auto error_for = [](KernelSupport support, Mode mode) {
    Settings settings;
    settings.mode = mode;
    return error_of([&] { require_support(support, settings); });
  };
  for (const KernelSupport enough : {KernelSupport::all, KernelSupport::unknown}) {
    EXPECT_EQ(error_for(enough, Mode::on), "");
    EXPECT_EQ(error_for(enough, Mode::force), "");
  }
  EXPECT_THAT(error_for(KernelSupport::force_only, Mode::on), HasSubstr("Linux 6.1; --force"));
  EXPECT_EQ(error_for(KernelSupport::force_only, Mode::force), "");
  EXPECT_THAT(error_for(KernelSupport::none, Mode::on), HasSubstr("keepalive run"));
  EXPECT_THAT(error_for(KernelSupport::none, Mode::force), HasSubstr("keepalive run"));
}

TEST(KernelSupportTest, AnAutomaticUserTimeoutNeedsAllValuesWhereSocketsCannotBeAsked) {
  Settings settings;
  settings.mode = Mode::force;
  settings.values = {4, 120, 0, automatic_value};
  const auto error = [&](KernelSupport support) { return error_of([&] { require_support(support, settings); }); };
  EXPECT_THAT(error(KernelSupport::force_only), HasSubstr("needs --idle, --interval and --count"));
  EXPECT_EQ(error(KernelSupport::all), "");
  settings.values = {4, 120, 30, automatic_value};
  EXPECT_EQ(error(KernelSupport::force_only), "");
}

}  // namespace
