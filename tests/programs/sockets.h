/* What the files of the program `sockets` share. */
#include <netinet/in.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

void fail(const char* what);

/* By system call number, so that no preload library sees it. */
int socket_by_number(int domain);

/* Sets `address` to the socket's own, with a port that the kernel chooses. */
void bind_to_loopback(int fd, struct sockaddr_in* address);

/* A listener as a parent process would hand it down. */
int inherited_listener(struct sockaddr_in* address);

int connect_by_number(const struct sockaddr_in* address);

/* Scenarios that show what must not change: results, errno, addresses and flags. */
void errno_kept(void);
void addresses(void);
void flags(void);
