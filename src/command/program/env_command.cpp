#include "command/program/env_command.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace keepalive::command {
namespace {

// Splits the text into words as `env -S` does. Escapes are not understood, because the name of a program needs none.
Arguments split_string(const std::string& text) {
  Arguments words;
  char quote = '\0';
  bool inside = false;
  for (const char c : text) {
    if (quote == '\0' && (c == ' ' || c == '\t' || c == '\n')) {
      inside = false;
    } else {
      if (!inside) words.emplace_back();
      inside = true;
      if (quote == '\0' && (c == '\'' || c == '"')) {
        quote = c;
      } else if (c == quote) {
        quote = '\0';
      } else {
        words.back() += c;
      }
    }
  }
  return words;
}

/// The arguments of env(1), read from left to right.
class EnvReader {
 public:
  explicit EnvReader(Arguments words) : words_(std::move(words)) {}

  EnvCommand read() {
    while (known_ && next_ < words_.size()) {
      const std::string word = words_[next_++];
      if (word == "--") break;
      if (word == "-") {
        drops_ = true;
      } else if (word.starts_with("--")) {
        read_long(word.substr(2));
      } else if (word.starts_with("-")) {
        read_short(word.substr(1));
      } else {
        --next_;
        break;
      }
    }
    while (next_ < words_.size() && words_[next_].find('=') != std::string::npos) {
      const std::string& variable = words_[next_++];
      if (variable.starts_with("LD_PRELOAD=")) drops_ = true;
      if (variable.starts_with("PATH=")) keeps_path_ = false;
    }
    Arguments program(words_.begin() + static_cast<std::ptrdiff_t>(next_), words_.end());
    const bool is_searched_for = !program.empty() && program[0].find('/') == std::string::npos;
    const bool is_relative = !program.empty() && !is_searched_for && program[0][0] != '/';
    if (!known_ || (is_searched_for && !keeps_path_) || (is_relative && changes_folder_)) program.clear();
    return {std::move(program), drops_};
  }

 private:
  void unset(const std::string& variable) {
    if (variable == "LD_PRELOAD") drops_ = true;
    if (variable == "PATH") keeps_path_ = false;
  }

  // The words of the text are read next, in place of the option.
  void split(const std::string& text) {
    const Arguments words = split_string(text);
    words_.insert(words_.begin() + static_cast<std::ptrdiff_t>(next_), words.begin(), words.end());
  }

  std::string argument() { return next_ < words_.size() ? words_[next_++] : ""; }

  void read_long(const std::string& option) {
    const std::size_t equals = option.find('=');
    const std::string name = option.substr(0, equals);
    const auto value = [&] { return equals != std::string::npos ? option.substr(equals + 1) : argument(); };
    if (name == "ignore-environment") {
      drops_ = true;
    } else if (name == "unset") {
      unset(value());
    } else if (name == "split-string") {
      split(value());
    } else if (name == "chdir") {
      value();
      changes_folder_ = true;
    } else if (name == "argv0") {
      value();
    } else {
      constexpr std::array<std::string_view, 5> harmless{"debug", "block-signal", "default-signal", "ignore-signal",
                                                         "list-signal-handling"};
      known_ = std::find(harmless.begin(), harmless.end(), name) != harmless.end();
    }
  }

  void read_short(const std::string& letters) {
    for (std::size_t i = 0; i < letters.size() && known_; ++i) {
      const auto value = [&] { return i + 1 < letters.size() ? letters.substr(i + 1) : argument(); };
      switch (letters[i]) {
        case 'i':
          drops_ = true;
          break;
        case 'v':
          break;
        case 'C':
          value();
          changes_folder_ = true;
          return;
        case 'a':
          value();
          return;
        case 'u':
          unset(value());
          return;
        case 'S':
          split(value());
          return;
        default:
          known_ = false;
      }
    }
  }

  Arguments words_;
  std::size_t next_ = 1;
  bool drops_ = false;
  bool known_ = true;
  bool keeps_path_ = true;
  bool changes_folder_ = false;
};

}  // namespace

EnvCommand parse_env(const Arguments& arguments) { return EnvReader(arguments).read(); }

}  // namespace keepalive::command
