/// @file
/// What the surroundings of a supervised program see is what they see of the program alone (behaviour.py).
#include <gtest/gtest.h>

#include "support/requirements.h"
#include "support/supervised.h"

namespace {

using namespace support;

struct Case {
  const char* name;      ///< of the function in behaviour.py
  bool as_root = false;  ///< needs root
};

void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

class SuperviseBehaviour : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(
    AsAlone, SuperviseBehaviour,
    testing::Values(Case{"exit_status"}, Case{"death_by_signal"}, Case{"surroundings"}, Case{"ignored_signals"},
                    Case{"subreaper_of_before"}, Case{"closed_descriptors"}, Case{"end_of_output"},
                    Case{"signals_are_passed_on"}, Case{"no_process_stays"}, Case{"zombies_are_collected"},
                    Case{"job_control"}, Case{"variables_of_systemd"}, Case{"supervisor_killed_at_the_start"},
                    Case{"terminal_goes_away"}, Case{"timers_set_before"}, Case{"killed_while_stopped"},
                    Case{"stopped_and_continued_quickly"}, Case{"continued_once"}, Case{"own_process_group"},
                    Case{"nested_is_no_subreaper"}, Case{"verbose_lets_go_of_standard_error"},
                    Case{"process_1_of_a_container", true}),
    [](const auto& row) { return row.param.name; });

TEST_P(SuperviseBehaviour, IsThatOfTheProgramAlone) {
  REQUIRE_PROGRAM("python3");
  if (GetParam().as_root) REQUIRE_ROOT();
  const Outcome outcome =
      run({{"python3", KEEPALIVE_BEHAVIOUR, keepalive_path, GetParam().name, KEEPALIVE_UNSHARE}, {}});
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
}

}  // namespace
