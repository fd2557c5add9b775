/// @file
/// Situations in which preload libraries harm their hosts: what the files of this folder share.
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <map>
#include <string>

/// By name. A function returns only if the host is unharmed.
using Situations = std::map<std::string, void (*)()>;

extern const Situations sandboxes;
extern const Situations with_cancellation;
extern const Situations with_descriptors;
extern const Situations with_threads;

/// False if no socket is expected to have the values (KEEPALIVE=off, refused options).
extern bool keepalive_expected;

/// Ends the program with a message if the condition does not hold.
void check(bool condition, const char* what);

/// Whether the socket has keepalive with the values of the HOWTO's session.
bool has_values(int fd);

/// A TCP socket. Checks that it has what the environment asks for.
int tcp_socket();

/// A listener made by number, so that it has no options that accepted sockets could inherit. Sets `address` to its own.
int listener(sockaddr_in& address);

int open_descriptors();

void wait_for_success(pid_t child);
