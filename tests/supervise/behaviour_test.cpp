/// @file
/// What the surroundings of a supervised program see is what they see of the program alone (behaviour.py and cases/).
#include <gtest/gtest.h>

#include "support/requirements.h"
#include "support/supervised.h"

namespace {

using namespace support;

struct Case {
  const char* name;      ///< of the function in cases/
  bool as_root = false;  ///< needs root
};

void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

class SuperviseBehaviour : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(
    AsAlone, SuperviseBehaviour,
    testing::Values(Case{"own_place"}, Case{"exit_status"}, Case{"death_by_signal"}, Case{"surroundings"},
                    Case{"ignored_signals"}, Case{"subreaper_of_before"}, Case{"locks_of_before"},
                    Case{"timers_of_before"}, Case{"death_signal_of_before"}, Case{"waits_for_its_own_children_only"},
                    Case{"has_no_child_of_any_kind"}, Case{"no_child_signal"}, Case{"variables_of_systemd"},
                    Case{"closed_descriptors"}, Case{"end_of_output"}, Case{"end_of_verbose_output"},
                    Case{"each_signal_once"}, Case{"stops_and_goes_on"}, Case{"no_process_stays"},
                    Case{"shows_whose_supervisor_it_is"}, Case{"job_control"}, Case{"own_process_group"},
                    Case{"terminal_goes_away"}, Case{"supervisor_killed_at_the_start"},
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
