/// @file
/// Times processes and sockets with no library, an empty one, ours and any others, as ratios within one run: the
/// contestants take turns, and each turn is compared with the same turn of the one they are measured against.
/// `bench [--compare LIBRARY]... [ROUNDS]`
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "support/preload.h"
#include "support/supervised.h"

namespace {

using namespace support;

struct Contestant {
  std::string name;
  std::string library;  ///< empty: none
  bool supervised = false;
};

std::vector<std::string> others;

Environment environment_of(const Contestant& contestant) {
  return contestant.library.empty() ? howto_values : with(howto_values, {{"LD_PRELOAD", contestant.library}});
}

/// Nanoseconds of COUNT calls, as tests/bench/calls.c prints them.
double time_of_calls(const Contestant& contestant, const std::vector<std::string>& arguments) {
  std::vector<std::string> command = joined({KEEPALIVE_CALLS}, arguments);
  if (contestant.supervised) command = run_with_howto_values({"--supervise"}, command);
  return std::strtod(run({command, environment_of(contestant)}).out.c_str(), nullptr);
}

double time_of_starts(const Contestant& contestant) {
  constexpr int starts = 50;
  char program[] = KEEPALIVE_CALLS;
  char what[] = "nothing";
  char count[] = "0";
  char* arguments[] = {program, what, count, nullptr};
  std::string preload = "LD_PRELOAD=" + contestant.library;
  char values[][16] = {"KEEPCNT=20", "KEEPIDLE=180", "KEEPINTVL=60"};
  char* variables[] = {values[0], values[1], values[2], contestant.library.empty() ? nullptr : preload.data(), nullptr};
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < starts; ++i) {
    pid_t child = 0;
    if (posix_spawn(&child, program, nullptr, nullptr, arguments, variables) != 0) std::abort();
    waitpid(child, nullptr, 0);
  }
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - begin;
  return elapsed.count() / starts;
}

double quantile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(std::lround(part * static_cast<double>(values.size() - 1)))];
}

/// What a contestant adds to a call, beside its ratio.
void print_added(const std::vector<double>& times, const std::vector<double>& without) {
  std::vector<double> added;
  for (std::size_t i = 0; i < times.size(); ++i) added.push_back(times[i] - without[i]);
  std::printf("   %+.2f us", quantile(added, 0.5) / 1000);
}

/// The first contestant is what the others are measured against.
void race(const char* title, const std::vector<Contestant>& contestants, int rounds,
          const std::function<double(const Contestant&)>& measure) {
  std::vector<std::vector<double>> times(contestants.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < contestants.size(); ++i) times[i].push_back(measure(contestants[i]));
  }
  std::printf("\n%s\n%-44s %12s %8s %17s\n", title, "", "median", "ratio", "half of them");
  for (std::size_t i = 0; i < contestants.size(); ++i) {
    std::vector<double> ratios;
    for (int round = 0; round < rounds; ++round) {
      const auto turn = static_cast<std::size_t>(round);
      ratios.push_back(times[i][turn] / times[0][turn]);
    }
    std::printf("%-44s %9.2f us %8.3f   %6.3f to %6.3f", contestants[i].name.c_str(), quantile(times[i], 0.5) / 1000,
                quantile(ratios, 0.5), quantile(ratios, 0.25), quantile(ratios, 0.75));
    if (contestants[i].supervised) print_added(times[i], times[0]);
    std::printf("\n");
  }
}

std::vector<Contestant> with_others(std::vector<Contestant> contestants) {
  for (const std::string& other : others) contestants.push_back({other, other});
  return contestants;
}

}  // namespace

int main(int argc, char** argv) {
  int rounds = 41;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--compare") == 0 && i + 1 < argc) {
      others.emplace_back(argv[++i]);
    } else if (std::strtol(argv[i], nullptr, 10) > 0) {
      rounds = static_cast<int>(std::strtol(argv[i], nullptr, 10));
    } else {
      std::fputs("usage: bench [--compare LIBRARY]... [ROUNDS]\n", stderr);
      return 2;
    }
  }
  const Contestant none{"no library", ""};
  const Contestant empty{"an empty library", KEEPALIVE_EMPTY_LIBRARY};
  const Contestant ours{"libkeepalive.so (this one)", library};

  race("Start and end of a process, against an empty library", with_others({empty, ours, none}), rounds,
       time_of_starts);

  const Contestant by_hand{"no library, the four calls in the program", ""};
  race("TCP socket and close, against the four calls written by hand", with_others({by_hand, ours, none}), rounds,
       [&](const Contestant& contestant) {
         return time_of_calls(contestant, {contestant.name == by_hand.name ? "tcp-by-hand" : "tcp", "20000"});
       });
  race("UNIX socket and close, against no library", with_others({none, ours}), rounds,
       [](const Contestant& contestant) {
         return time_of_calls(contestant, {"unix", "20000"});
       });

  const Contestant supervised{"keepalive run --supervise", "", true};
  const auto race_supervised = [&](const char* title, const char* what, const char* count) {
    race(title, {none, supervised}, rounds, [&](const Contestant& contestant) {
      return time_of_calls(contestant, {what, count});
    });
  };
  race_supervised("A connection, whose socket call is stopped for the supervisor", "tcp-accept", "5000");
  race_supervised("TCP socket and close, stopped too", "tcp", "20000");
  race_supervised("getppid, the cheapest call there is", "getppid", "1000000");

  for (const char* held : {"10", "10000", "100000"}) {
    if (time_of_calls(none, {"tcp", "1", held}) == 0) {
      std::printf("\n%s open descriptors are more than this machine allows (ulimit -Hn)\n", held);
      continue;
    }
    for (const char* threads : {"1", "2", "4"}) {
      const std::string title = std::string("TCP socket and close, ") + held + " descriptors open, " + threads +
                                " thread(s), against the four calls written by hand";
      race(title.c_str(), {by_hand, ours}, std::max(rounds / 4, 5), [&](const Contestant& contestant) {
        return time_of_calls(contestant,
                             {contestant.name == by_hand.name ? "tcp-by-hand" : "tcp", "10000", held, threads});
      });
    }
  }
}
