#include "keepalive/standard_error.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <string>
#include <thread>

#include "keepalive/descriptor.h"

namespace keepalive {
namespace {

constexpr char line[] = "one line\n";

// What can be read without waiting.
std::string read_all(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  std::string text;
  std::array<char, 4096> part{};
  for (ssize_t size = 0; (size = read(fd, part.data(), part.size())) > 0;) {
    text.append(part.data(), static_cast<std::size_t>(size));
  }
  return text;
}

void fill(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  for (const std::size_t size : {4096U, 1U}) {
    const std::string bytes(size, 'x');
    while (write(fd, bytes.data(), bytes.size()) > 0) {
    }
  }
  fcntl(fd, F_SETFL, flags);
}

// As on kernels before 6.4: this thread has no pwritev2(2) for pipes.
void take_pwritev2_away() {
  std::array<sock_filter, 4> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pwritev2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{program.size(), program.data()};
  ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

/// Descriptor 2 is another file as long as this lives.
class StandardErrorIs {
 public:
  explicit StandardErrorIs(int fd) : saved_(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    if (fd >= 0) dup2(fd, STDERR_FILENO);
    if (fd < 0) close(STDERR_FILENO);
  }
  StandardErrorIs(const StandardErrorIs&) = delete;
  StandardErrorIs& operator=(const StandardErrorIs&) = delete;
  ~StandardErrorIs() { dup2(saved_.get(), STDERR_FILENO); }

 private:
  Descriptor saved_;
};

void write_line_to(int fd) {
  const StandardErrorIs redirected(fd);
  errno = EXDEV;
  write_to_standard_error(line);
  EXPECT_EQ(errno, EXDEV);
}

// A write that waits ends the test by SIGALRM.
class StandardErrorTest : public testing::Test {
 protected:
  StandardErrorTest() { alarm(30); }
  ~StandardErrorTest() override { alarm(0); }

  static std::array<Descriptor, 2> make_pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
  }

  static std::array<Descriptor, 2> make_sockets() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
  }

  /// The master and the slave.
  static std::array<Descriptor, 2> make_terminal() {
    int master = -1;
    int slave = -1;
    EXPECT_EQ(openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
    return {Descriptor(master), Descriptor(slave)};
  }
};

// Both ways of writing to a pipe.
class StandardErrorPipeTest : public StandardErrorTest, public testing::WithParamInterface<bool> {
 protected:
  /// In a thread, because a filter stays.
  template <class Function>
  static void run(Function function) {
    std::thread([&] {
      if (GetParam()) take_pwritev2_away();
      function();
    }).join();
  }
};

INSTANTIATE_TEST_SUITE_P(Write, StandardErrorPipeTest, testing::Bool(),
                         [](const auto& row) { return row.param ? "OlderKernel" : "ThisKernel"; });

TEST_P(StandardErrorPipeTest, TheLineArrives) {
  const auto [reader, writer] = make_pipe();
  run([&to = writer] { write_line_to(to.get()); });
  EXPECT_EQ(read_all(reader.get()), line);
}

TEST_P(StandardErrorPipeTest, AFullPipeLosesTheLine) {
  const auto [reader, writer] = make_pipe();
  fill(writer.get());
  run([&to = writer] { write_line_to(to.get()); });
  EXPECT_EQ(fcntl(writer.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(read_all(reader.get()).find("one"), std::string::npos);
}

TEST_P(StandardErrorPipeTest, WithoutAReaderNoSignalIsRaised) {
  auto [reader, writer] = make_pipe();
  reader = Descriptor();
  ASSERT_EQ(std::signal(SIGPIPE, SIG_DFL), SIG_DFL);
  run([&to = writer] { write_line_to(to.get()); });
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
}

// Another writer fills the pipe as soon as it has room. The only reader is the thread that writes the lines: if it
// waited for room, it would wait for itself.
TEST_P(StandardErrorPipeTest, AnotherWriterCannotHoldItUp) {
  auto [reader, writer] = make_pipe();
  std::atomic<bool> done{false};
  std::atomic<bool> ended{false};
  std::thread other([&, fd = writer.get()] {
    const std::string bytes(4096, '.');
    while (!done && write(fd, bytes.data(), bytes.size()) > 0) {
    }
    ended = true;
  });
  std::string received;
  run([&, &from = reader, &to = writer] {  // clang 14 captures no structured bindings
    const StandardErrorIs redirected(to.get());
    std::array<char, 8192> part{};
    for (int i = 0; i < 20000; ++i) {
      received.append(part.data(), static_cast<std::size_t>(read(from.get(), part.data(), part.size())));
      write_to_standard_error(line);
    }
  });
  done = true;
  while (!ended) received += read_all(reader.get());
  other.join();
  // Whatever arrives arrives whole.
  std::size_t lines = 0;
  std::size_t starts = 0;
  for (std::size_t at = 0; (at = received.find(line, at)) != std::string::npos; ++at) ++lines;
  for (std::size_t at = 0; (at = received.find('o', at)) != std::string::npos; ++at) ++starts;
  EXPECT_EQ(starts, lines);
}

TEST_F(StandardErrorTest, ATerminalShowsTheLine) {
  const auto [master, slave] = make_terminal();
  write_line_to(slave.get());
  EXPECT_EQ(read_all(master.get()), "one line\r\n");
  EXPECT_EQ(fcntl(slave.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(StandardErrorTest, AStoppedTerminalLosesTheLine) {
  const auto [master, slave] = make_terminal();
  ASSERT_EQ(tcflow(slave.get(), TCOOFF), 0);
  write_line_to(slave.get());
  EXPECT_EQ(read_all(master.get()), "");
  ASSERT_EQ(tcflow(slave.get(), TCOON), 0);
  write_line_to(slave.get());
  EXPECT_EQ(read_all(master.get()), "one line\r\n");
}

TEST_F(StandardErrorTest, ATerminalThatNobodyReadsCannotHoldItUp) {
  const auto [master, slave] = make_terminal();
  const StandardErrorIs redirected(slave.get());
  for (int i = 0; i < 10000; ++i) write_to_standard_error(line);
}

// After su(1): the terminal's file belongs to somebody else, but it is this session's terminal.
TEST_F(StandardErrorTest, ATerminalThatMayNotBeOpenedIsReachedAsTheSessionsTerminal) {
  const auto [master, slave] = make_terminal();
  const pid_t child = fork();
  if (child == 0) {
    if (setsid() < 0 || ioctl(slave.get(), TIOCSCTTY, 0) != 0 || fchmod(slave.get(), 0) != 0) _exit(1);
    constexpr uid_t nobody = 65534;
    if (getuid() == 0 && setresuid(nobody, nobody, nobody) != 0) _exit(1);
    if (open(ttyname(slave.get()), O_WRONLY | O_CLOEXEC) >= 0) _exit(2);
    write_line_to(slave.get());
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_all(master.get()), "one line\r\n");
}

TEST_F(StandardErrorTest, AUnixSocketTakesTheLineAsLongAsItHasRoom) {
  const auto [reader, writer] = make_sockets();
  write_line_to(writer.get());
  EXPECT_EQ(read_all(reader.get()), line);
  fill(writer.get());
  write_line_to(writer.get());
  EXPECT_EQ(read_all(reader.get()).find("one"), std::string::npos);
}

// inetd and socket activation hand the connection over as standard input, output and error.
TEST_F(StandardErrorTest, ASocketThatIsStandardInputTooIsLeftAlone) {
  const auto [reader, writer] = make_sockets();
  const Descriptor saved(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  dup2(writer.get(), STDIN_FILENO);
  write_line_to(writer.get());
  dup2(saved.get(), STDIN_FILENO);
  EXPECT_EQ(read_all(reader.get()), "");
}

TEST_F(StandardErrorTest, ANetworkConnectionIsLeftAlone) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    const Descriptor server(socket(AF_INET, type | SOCK_CLOEXEC, 0));
    const Descriptor client(socket(AF_INET, type | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(bind(server.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(getsockname(server.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    ASSERT_EQ(listen(server.get(), 1), type == SOCK_STREAM ? 0 : -1);
    ASSERT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    const Descriptor accepted(type == SOCK_STREAM ? accept(server.get(), nullptr, nullptr) : dup(server.get()));
    write_line_to(client.get());
    EXPECT_EQ(read_all(accepted.get()), "");
  }
}

TEST_F(StandardErrorTest, AFileTakesTheLine) {
  const Descriptor file(open(testing::TempDir().c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
  ASSERT_GE(file.get(), 0);
  write_line_to(file.get());
  ASSERT_EQ(lseek(file.get(), 0, SEEK_SET), 0);
  EXPECT_EQ(read_all(file.get()), line);
}

TEST_F(StandardErrorTest, AClosedOrFullOneIsNoTrouble) {
  write_line_to(-1);
  const Descriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  write_line_to(full.get());
}

}  // namespace
}  // namespace keepalive
