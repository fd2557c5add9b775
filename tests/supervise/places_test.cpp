/// @file
/// A supervised program that goes elsewhere (another network, user, cgroup) gets the sockets of that place (places/).
#include <gtest/gtest.h>

#include "support/requirements.h"
#include "support/supervised.h"

namespace {

using namespace support;

class SupervisePlaces : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(As, SupervisePlaces,
                         testing::Values("all_kinds", "lowest_free_number", "no_number_free", "few_descriptors",
                                         "another_network", "another_network_and_back", "network_of_a_thread",
                                         "other_threads_stay", "another_user", "another_file_system_user",
                                         "another_group_only", "undumpable", "undumpable_other_user", "user_namespace",
                                         "user_and_network_namespace", "mount_namespace_without_proc", "own_filter",
                                         "cgroup_v2", "cgroup_v1", "forced", "forced_elsewhere", "forced_beside",
                                         "forced_subreaper"),
                         [](const auto& row) { return std::string(row.param); });

TEST_P(SupervisePlaces, TheSocketIsTheSame) {
  REQUIRE_ROOT();
  REQUIRE_PROGRAM("python3");
  const Outcome outcome = run({{"python3", KEEPALIVE_PLACES, keepalive_path, GetParam()}, {}});
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  REQUIRE_OR_SKIP(outcome.out.rfind("skip: ", 0) != 0, outcome.out);
}

// Docker's default profile: the process may not trace others. It then becomes another user, as gosu does.
TEST(SuperviseInDocker, TheProgramMayBecomeAnotherUser) {
  REQUIRE_ROOT();
  for (const char* const program : {"python3", "setpriv"}) REQUIRE_PROGRAM(program);
  for (const char* const place : {"all_kinds", "another_user", "undumpable_other_user"}) {
    const Outcome outcome =
        run({{"python3", KEEPALIVE_REFUSALS, "docker", "python3", KEEPALIVE_PLACES, keepalive_path, place}, {}});
    EXPECT_EQ(outcome.status, 0) << place << outcome.out << outcome.err;
  }
}

}  // namespace
