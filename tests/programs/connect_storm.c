/* `connect-storm COUNT WORKERS PORT [PERIOD]`: WORKERS processes make COUNT connections together. Signals arrive all
 * the time, and sometimes a process is killed and replaced. Each socket must have keepalive once it is connected.
 * Prints how many have it. Ends with 0 only if all have it and no process hangs. With PERIOD, in microseconds, the
 * signals arrive at this interval, and their handler lacks SA_RESTART: socket(2) and connect(2) may then fail with
 * EINTR, which is counted. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
  long taken; /* connections begun */
  long good;
  long bad;
  long interrupted[2]; /* socket(2), connect(2) */
} * counts;

static void on_alarm(int signal) { (void)signal; }

static int interrupted(int result, int which) {
  if (result >= 0 || errno != EINTR) return 0;
  __atomic_add_fetch(&counts->interrupted[which], 1, __ATOMIC_RELAXED);
  return 1;
}

static void work(long count, unsigned short port, long period) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_alarm;
  action.sa_flags = period == 0 ? SA_RESTART : 0;
  sigaction(SIGALRM, &action, NULL);
  const struct itimerval often = {{0, period == 0 ? 700 : period}, {0, period == 0 ? 700 : period}};
  setitimer(ITIMER_REAL, &often, NULL);

  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  while (__atomic_add_fetch(&counts->taken, 1, __ATOMIC_RELAXED) <= count) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (interrupted(fd, 0)) continue;
    const int connected = fd < 0 ? -1 : connect(fd, (const struct sockaddr*)&address, sizeof address);
    if (connected != 0 && !interrupted(connected, 1)) {
      perror("connect");
      _exit(EXIT_FAILURE);
    }
    int value = 0;
    socklen_t size = sizeof value;
    getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, &size);
    __atomic_add_fetch(value == 1 ? &counts->good : &counts->bad, 1, __ATOMIC_RELAXED);
    const struct linger reset = {1, 0}; /* no TIME-WAIT, or ports would run out */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
  }
}

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const long count = atol(argv[1]);
  const int workers = atoi(argv[2]);
  const unsigned short port = (unsigned short)atoi(argv[3]);
  const long period = argc > 4 ? atol(argv[4]) : 0;
  counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (counts == MAP_FAILED || workers > 64) return 2;

  pid_t worker[64];
  long kills = 0;
  int failed = 0;
  for (int i = 0; i < workers; ++i) {
    worker[i] = fork();
    if (worker[i] == 0) {
      work(count, port, period);
      _exit(EXIT_SUCCESS);
    }
  }
  while (__atomic_load_n(&counts->taken, __ATOMIC_RELAXED) < count) {
    usleep(2000); /* killed at any moment, in the middle of a stopped call too */
    const int victim = rand() % workers;
    kill(worker[victim], SIGKILL);
    int status = 0;
    waitpid(worker[victim], &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) failed = 1;
    ++kills;
    worker[victim] = fork();
    if (worker[victim] == 0) {
      work(count, port, period);
      _exit(EXIT_SUCCESS);
    }
  }
  int status = 0;
  while (wait(&status) > 0) {
    if (status != 0) failed = 1;
  }
  printf("%ld with keepalive, %ld without, %ld processes killed, interrupted: %ld socket, %ld connect\n", counts->good,
         counts->bad, kills, counts->interrupted[0], counts->interrupted[1]);
  return failed || counts->bad != 0 || counts->good == 0;
}
