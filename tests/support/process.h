/// @file
/// Running programs with a chosen environment and for a limited time. A program ends at the latest with its Process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace support {

using Environment = std::map<std::string, std::string>;

/// The words, and more behind them.
inline std::vector<std::string> joined(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

struct Command {
  std::vector<std::string> arguments;  ///< the program (found through PATH) and its arguments
  Environment environment;             ///< added to a small fixed one; nothing is inherited
  std::string working_directory = "";
  std::chrono::seconds patience{30};  ///< it is killed if it runs longer
};

struct Outcome {
  int status = -1;  ///< exit status, or 128 + the signal that ended it
  std::string out;  ///< standard output
  std::string err;  ///< standard error
};

/// A running program, leader of its own process group. Standard input is a pipe, standard output and error are read.
class Process {
 public:
  explicit Process(const Command& command);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();  ///< kills the whole group

  [[nodiscard]] pid_t pid() const { return pid_; }

  /// Sends text to standard input.
  void write(const std::string& text);
  void close_input();

  /// Waits until standard output holds `text`; false if the program ends or the time is over before that.
  bool wait_for_output(const std::string& text, std::chrono::milliseconds time = patience);

  /// What the program has written to standard output up to now, as far as it was read.
  [[nodiscard]] const std::string& output() const { return outcome_.out; }

  /// Waits for the end of the program; kills it if it runs longer than `Command::patience`.
  Outcome wait();

  static constexpr std::chrono::seconds patience{30};

 private:
  void read_until(const std::string& text, std::chrono::steady_clock::time_point deadline);

  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  int error_ = -1;
  std::chrono::seconds patience_;
  Outcome outcome_;
};

/// Runs a command to its end with empty standard input.
Outcome run(const Command& command);

/// The absolute path of a program that is found through PATH; empty if there is none.
std::string find_program(const std::string& name);

}  // namespace support
