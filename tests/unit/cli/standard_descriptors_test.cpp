#include "command/cli/standard_descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace keepalive::command {
namespace {

// The exit status of a child process that runs `act`, where descriptors 0 to 2 may be closed.
template <class Act>
int status_in_child(Act act) {
  const pid_t child = fork();
  if (child == 0) _exit(act());
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// 0 if all three are as they should be, else 10 x (number + 1) + what is wrong.
int check_occupied() {
  for (int fd = 0; fd <= 2; ++fd) {
    const int wrong = 10 * (fd + 1);
    char byte = 'x';
    if (fcntl(fd, F_GETFD) != FD_CLOEXEC) return wrong + 1;
    if (write(fd, &byte, 1) != -1 || errno != EBADF) return wrong + 2;
    if (read(fd, &byte, 1) != -1 || errno != EBADF) return wrong + 3;
  }
  return open("/", O_RDONLY) > 2 ? 0 : 4;
}

TEST(StandardDescriptors, ClosedOnesAreOccupiedAndStillCanNotBeUsed) {
  EXPECT_EQ(status_in_child([] {
              for (int fd = 0; fd <= 2; ++fd) close(fd);
              return occupy_standard_descriptors() == 0 ? check_occupied() : 1;
            }),
            0);
}

TEST(StandardDescriptors, OpenOnesStayAsTheyAre) {
  EXPECT_EQ(status_in_child([] {
              int ends[2];
              if (pipe(ends) != 0 || dup2(ends[1], 1) != 1) return 1;
              close(2);
              if (occupy_standard_descriptors() != 0) return 2;
              char byte = 'x';
              if (fcntl(1, F_GETFD) != 0 || write(1, &byte, 1) != 1 || read(ends[0], &byte, 1) != 1) return 3;
              return fcntl(2, F_GETFD) == FD_CLOEXEC ? 0 : 4;
            }),
            0);
}

TEST(StandardDescriptors, AFailureIsReported) {
  EXPECT_EQ(status_in_child([] {
              const rlimit none{0, 0};
              if (setrlimit(RLIMIT_NOFILE, &none) != 0) return 1;
              close(0);
              return occupy_standard_descriptors() == EMFILE ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace keepalive::command
