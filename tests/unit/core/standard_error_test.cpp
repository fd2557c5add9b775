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
