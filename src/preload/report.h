/// @file
/// The lines that KEEPALIVE_DEBUG=1 shows, one for each decision. None of them changes errno. Nothing is written once
/// descriptor 2 is another file than when the library was loaded: then it is the program's own.
#pragma once

#include "keepalive/apply.h"
#include "preload/state.h"

namespace keepalive::preload {

/// Values that are no problem, but may not be what the user means.
[[gnu::noinline, gnu::cold]] void report_doubts(const SettingsAndProblems& read, const State& state);

[[gnu::noinline, gnu::cold]] void report_loaded(const State& state);

/// @param call the interposed function, for example "accept4", @param fd its socket, @param given what the socket got.
[[gnu::noinline, gnu::cold]] void report_applied(const char* call, int fd, const Settings& given,
                                                 const Refusals& refusals, const State& state);
[[gnu::noinline, gnu::cold]] void report_not_tcp(const char* call, int fd, const State& state);
[[gnu::noinline, gnu::cold]] void report_left(const char* call, int fd, const State& state);
[[gnu::noinline, gnu::cold]] void report_kept(const char* call, int fd, int level, int name, const State& state);

/// Under `on`, after the program has set an option of a TCP socket: says so if a value that was given is replaced by
/// another one, or keepalive is turned off.
[[gnu::noinline, gnu::cold]] void report_own(int fd, int level, int name, const State& state);

}  // namespace keepalive::preload
