#include "process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace support {
namespace {

using Clock = std::chrono::steady_clock;

constexpr char search_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

constexpr int sys_close_range = 436;  // Linux 5.9; the same number on every architecture, absent from older headers

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

void close_and_forget(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

// Appends what can be read without waiting; closes the descriptor at the end of the file.
void drain(int& fd, std::string& text) {
  std::array<char, 65536> buffer;
  while (fd >= 0) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count < 0 && errno == EINTR) {
      continue;
    } else {
      if (count == 0) close_and_forget(fd);
      return;
    }
  }
}

std::pair<int, int> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  return {ends[0], ends[1]};
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_texts(const Environment& environment) {
  Environment all{{"PATH", search_path}, {"HOME", "/nonexistent"}, {"LC_ALL", "C"}};
  for (const auto& [name, value] : environment) all[name] = value;
  std::vector<std::string> texts;
  for (const auto& [name, value] : all) texts.push_back(name + "=" + value);
  return texts;
}

}  // namespace

Process::Process(const Command& command) : patience_(command.patience) {
  std::vector<std::string> arguments = command.arguments;
  const std::string program = find_program(arguments.at(0));
  if (program.empty()) throw std::runtime_error("no such program: " + arguments[0]);
  std::vector<std::string> variables = environment_texts(command.environment);
  const std::vector<char*> argument_pointers = pointers_to(arguments);
  const std::vector<char*> variable_pointers = pointers_to(variables);

  const auto [input_read, input_write] = make_pipe();
  const auto [output_read, output_write] = make_pipe();
  const auto [error_read, error_write] = make_pipe();

  pid_ = fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(input_read, STDIN_FILENO);
    dup2(output_write, STDOUT_FILENO);
    dup2(error_write, STDERR_FILENO);
    if (!command.working_directory.empty() && chdir(command.working_directory.c_str()) != 0) _exit(126);
    syscall(sys_close_range, 3U, ~0U, 0U);  // a test runner may leave descriptors open
    execve(program.c_str(), argument_pointers.data(), variable_pointers.data());
    _exit(127);
  }
  setpgid(pid_, pid_);  // in both processes, because either may run first
  close(input_read);
  close(output_write);
  close(error_write);
  input_ = input_write;
  output_ = output_read;
  error_ = error_read;
  fcntl(output_, F_SETFL, O_NONBLOCK);
  fcntl(error_, F_SETFL, O_NONBLOCK);
}

Process::~Process() {
  kill(-pid_, SIGKILL);
  if (outcome_.status < 0) waitpid(pid_, nullptr, 0);
  close_and_forget(input_);
  close_and_forget(output_);
  close_and_forget(error_);
}

void Process::write(const std::string& text) {
  if (::write(input_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::system_error(errno, std::generic_category(), "write to a program's standard input");
  }
}

void Process::close_input() { close_and_forget(input_); }

void Process::read_until(const std::string& text, Clock::time_point deadline) {
  if (!text.empty() && outcome_.out.find(text) != std::string::npos) return;
  int child = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  for (bool ended = false; !ended && Clock::now() < deadline;) {
    std::array<pollfd, 3> watched{{{output_, POLLIN, 0}, {error_, POLLIN, 0}, {child, POLLIN, 0}}};
    poll(watched.data(), watched.size(), milliseconds_until(deadline));
    ended = watched[2].revents != 0;
    // Does not wait for the end of the pipes: descendants may hold them open after the program has ended.
    drain(output_, outcome_.out);
    drain(error_, outcome_.err);
    if (!text.empty() && outcome_.out.find(text) != std::string::npos) break;
  }
  close_and_forget(child);
}

bool Process::wait_for_output(const std::string& text, std::chrono::milliseconds time) {
  read_until(text, Clock::now() + time);
  return outcome_.out.find(text) != std::string::npos;
}

Outcome Process::wait() {
  if (outcome_.status >= 0) return outcome_;
  read_until("", Clock::now() + patience_);
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == 0) {
    ADD_FAILURE() << "killed: a program still ran after " << patience_.count() << " s";
    kill(-pid_, SIGKILL);
    waitpid(pid_, &status, 0);
  }
  outcome_.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome_;
}

Outcome run(const Command& command) {
  Process process(command);
  process.close_input();
  return process.wait();
}

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), X_OK) == 0 ? name : "";
  std::istringstream folders(search_path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string candidate = folder + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0 && !std::filesystem::is_directory(candidate)) return candidate;
  }
  return "";
}

}  // namespace support
