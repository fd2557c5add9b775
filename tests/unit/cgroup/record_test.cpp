/// @file
/// What is stored in the programs' map.
#include "command/cgroup/record.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace {

using namespace keepalive;
using namespace keepalive::command;

constexpr OptionValues system_values{8, 7000, 70, 0};

Settings settings(Mode mode, int count, int idle, int interval, int user_timeout) {
  Settings settings;
  settings.mode = mode;
  settings.values = {count, idle, interval, user_timeout};
  return settings;
}

TEST(RecordTest, HasKeepaliveAndTheGivenValues) {
  const Record record = make_record(settings(Mode::on, 0, 120, 0, 5000), system_values);
  ASSERT_EQ(record.row_count, 3U);
  EXPECT_EQ(record.rows[0].level, SOL_SOCKET);
  EXPECT_EQ(record.rows[0].number, SO_KEEPALIVE);
  EXPECT_EQ(record.rows[0].value, 1);
  EXPECT_EQ(record.rows[1].number, TCP_KEEPIDLE);
  EXPECT_EQ(record.rows[1].value, 120);
  EXPECT_EQ(record.rows[1].system, 7000);
  EXPECT_EQ(record.rows[1].kernel_default, 7200);
  EXPECT_EQ(record.rows[2].number, TCP_USER_TIMEOUT);
  EXPECT_EQ(record.rows[2].value, 5000);
  EXPECT_EQ(record.rows[2].system, 0);
}

TEST(RecordTest, AnAutomaticValueNeedsAllThatItIsComputedFrom) {
  const Record record = make_record(settings(Mode::on, 0, 120, 0, automatic_value), system_values);
  ASSERT_EQ(record.row_count, 5U);
  EXPECT_EQ(record.rows[1].number, TCP_KEEPCNT);
  EXPECT_EQ(record.rows[1].value, 0);
  EXPECT_EQ(record.rows[4].value, automatic_value);
}

TEST(RecordTest, UnderForceAnAutomaticValueIsComputedAtOnce) {
  EXPECT_EQ(make_record(settings(Mode::force, 4, 120, 30, automatic_value), system_values).rows[4].value, 240'000);
  EXPECT_EQ(make_record(settings(Mode::on, 4, 120, 30, automatic_value), system_values).rows[4].value, automatic_value);
}

TEST(RecordTest, GivesTheSettingsBack) {
  for (const Settings& given : {settings(Mode::on, 0, 0, 0, 0), settings(Mode::force, 4, 120, 30, 5000),
                                settings(Mode::on, 0, 120, 0, automatic_value)}) {
    const auto read = settings_of(make_record(given, system_values));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->mode, given.mode);
    EXPECT_EQ(read->values, given.values);
  }
}

TEST(RecordTest, OfAnotherVersionIsNotRead) {
  Record record = make_record(settings(Mode::on, 4, 0, 0, 0), system_values);
  ++record.version;
  EXPECT_FALSE(settings_of(record).has_value());
  record = make_record(settings(Mode::on, 4, 0, 0, 0), system_values);
  record.magic = 0;
  EXPECT_FALSE(settings_of(record).has_value());
  record = make_record(settings(Mode::on, 4, 0, 0, 0), system_values);
  record.row_count = 6;  // the last row is a spare one
  EXPECT_FALSE(settings_of(record).has_value());
}

}  // namespace
