/// @file
/// Standard error that is a terminal, a socket, a file or a device.
#include <netinet/in.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "standard_error_tests.h"

namespace keepalive {
namespace {

std::array<Descriptor, 2> make_sockets() {
  std::array<int, 2> ends{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// The master and the slave.
std::array<Descriptor, 2> make_terminal() {
  int master = -1;
  int slave = -1;
  EXPECT_EQ(openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  return {Descriptor(master), Descriptor(slave)};
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

// Calls the function in a child process that may not open the terminal anew, as after su(1), and for which descriptor 2
// is the terminal. Returns the status of the child, which a write that waits ends by SIGALRM.
template <class Function>
int status_after_su(int terminal, bool is_session_terminal, Function function) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(30);
    if (setsid() < 0 || fchmod(terminal, 0) != 0) _exit(1);
    if (is_session_terminal && ioctl(terminal, TIOCSCTTY, 0) != 0) _exit(1);
    constexpr uid_t nobody = 65534;
    if (getuid() == 0 && setresuid(nobody, nobody, nobody) != 0) _exit(1);
    if (open(ttyname(terminal), O_WRONLY | O_NOCTTY | O_CLOEXEC) >= 0) _exit(2);
    if ((open("/dev/tty", O_WRONLY | O_CLOEXEC) >= 0) != is_session_terminal) _exit(3);
    const StandardErrorIs redirected(terminal);
    errno = EXDEV;
    function();
    _exit(errno == EXDEV ? 0 : 4);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

void write_one_line() { write_to_standard_error(line); }

TEST_F(StandardErrorTest, ATerminalThatMayNotBeOpenedIsReachedAsTheSessionsTerminal) {
  const auto [master, slave] = make_terminal();
  EXPECT_EQ(status_after_su(slave.get(), true, write_one_line), 0);
  EXPECT_EQ(read_all(master.get()), "one line\r\n");
}

// After `su -c` there is no session's terminal either.
TEST_F(StandardErrorTest, ATerminalThatMayNotBeOpenedIsReachedWithoutASessionsTerminal) {
  const auto [master, slave] = make_terminal();
  EXPECT_EQ(status_after_su(slave.get(), false, write_one_line), 0);
  EXPECT_EQ(read_all(master.get()), "one line\r\n");
  const std::string long_line(1000, 'x');
  EXPECT_EQ(status_after_su(slave.get(), false, [&] { write_to_standard_error(long_line + "\n"); }), 0);
  EXPECT_EQ(read_all(master.get()), long_line + "\r\n");
}

TEST_F(StandardErrorTest, ATerminalThatMayNotBeOpenedLosesTheLineWhileItIsStopped) {
  const auto [master, slave] = make_terminal();
  ASSERT_EQ(tcflow(slave.get(), TCOOFF), 0);
  EXPECT_EQ(status_after_su(slave.get(), false, write_one_line), 0);
  ASSERT_EQ(tcflow(slave.get(), TCOON), 0);
  EXPECT_EQ(read_all(master.get()), "");
}

// Lines of many lengths, so that terminals are full at different places of a line.
TEST_F(StandardErrorTest, ATerminalThatMayNotBeOpenedCannotHoldItUpIfNobodyReads) {
  for (std::size_t length = 1; length <= 1024; length += 31) {
    const auto [master, slave] = make_terminal();
    const std::string text(length, 'x');
    const auto write_many = [&] {
      for (int i = 0; i < 10000; ++i) write_to_standard_error(text + "\n");
    };
    ASSERT_EQ(status_after_su(slave.get(), false, write_many), 0) << length;
    EXPECT_EQ(read_all(master.get()).substr(0, length + 2), text + "\r\n");
  }
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
