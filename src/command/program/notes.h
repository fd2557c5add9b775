/// @file
/// The lines that `keepalive run` prints before it executes the program.
#pragma once

#include <string>

namespace keepalive::command {

/// Prints `keepalive run: TEXT` on standard error. If that leads to a client, the line goes to the system log. Never
/// waits for a reader, because the program has to start.
void say(const std::string& text);

/// Lines for whoever starts this by hand, reads the journal, or asks for --verbose. Scripts do not get them.
class Notes {
 public:
  explicit Notes(bool verbose);

  /// Prints the text as say() does. Empty: nothing.
  void add(const std::string& text) const;

  /// The same for what gets no keepalive. If it is not shown, it goes to the system log.
  void add_or_log(const std::string& text) const;

 private:
  bool shown_;
};

}  // namespace keepalive::command
