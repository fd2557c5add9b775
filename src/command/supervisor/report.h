/// @file
/// The lines that `run --supervise --verbose` writes for each decision. They never wait for a reader: a line that
/// cannot be written at once is dropped.
#pragma once

#include <sys/types.h>

#include "keepalive/apply.h"
#include "keepalive/settings.h"

namespace keepalive::command {

/// `keepalive[PID]: socket: descriptor 3: SO_KEEPALIVE 1, TCP_KEEPIDLE 120 s`
void report_given(pid_t thread, const char* call, int fd, const Settings& settings, const Refusals& refusals);

/// The socket was there before the program began, and has keepalive already.
void report_left_on(pid_t process, const char* call, int fd);

/// The kernel makes the socket, without keepalive.
void report_not_given(pid_t thread, const char* obstacle);

/// The same in the system log.
void log_not_given(pid_t thread, const char* obstacle);

/// A setsockopt(2) was answered and not carried out (`force`).
void report_kept(pid_t thread);

}  // namespace keepalive::command
