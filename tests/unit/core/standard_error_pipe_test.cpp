/// @file
/// Standard error that is a pipe: two ways of writing without waiting.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <thread>

#include "standard_error_tests.h"

namespace keepalive {
namespace {

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

// Both ways of writing to a pipe.
class StandardErrorPipeTest : public StandardErrorTest, public testing::WithParamInterface<bool> {
 protected:
  static std::array<Descriptor, 2> make_pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
  }

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
  // Each line that arrives is complete.
  std::size_t lines = 0;
  std::size_t starts = 0;
  for (std::size_t at = 0; (at = received.find(line, at)) != std::string::npos; ++at) ++lines;
  for (std::size_t at = 0; (at = received.find('o', at)) != std::string::npos; ++at) ++starts;
  EXPECT_EQ(starts, lines);
}

}  // namespace
}  // namespace keepalive
