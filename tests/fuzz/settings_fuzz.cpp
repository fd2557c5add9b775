/// @file
/// The input holds the values of all variables, each ended by a null byte. Whatever they are, each value read is in its
/// range, each invalid value is reported once, and each report fits its line and is printable.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "keepalive/settings.h"
#include "keepalive/wording.h"

namespace {

using namespace keepalive;

std::string values[variable_count];
bool given[variable_count];

const char* value_of(std::size_t index) { return given[index] ? values[index].c_str() : nullptr; }

const char* look_up(const char* name) {
  if (std::strcmp(name, mode_variable) == 0) return value_of(options.size());
  if (std::strcmp(name, debug_variable) == 0) return value_of(options.size() + 1);
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (std::strcmp(name, options[i].variable) == 0) return value_of(i);
  }
  std::abort();  // an undocumented variable
}

void require(bool condition) {
  if (!condition) std::abort();
}

void require_printable(std::string_view line) {
  require(line.size() <= Line::capacity && line.back() == '\n');
  line.remove_suffix(1);
  for (const char c : line) require(c >= ' ' && c <= '~');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t index = 0;
  for (bool& one : given) one = false;
  std::string value;
  for (std::size_t i = 0; i <= size && index < variable_count; ++i) {
    if (i < size && data[i] != 0) {
      value += static_cast<char>(data[i]);
      continue;
    }
    values[index] = value;
    given[index++] = true;
    value.clear();
  }

  const SettingsAndProblems read = read_settings(look_up);
  require(read.problem_count <= read.problems.size());
  for (std::size_t i = 0; i < options.size(); ++i) {
    const int result = read.settings.values[i];
    const bool automatic = options[i].automatic && result == automatic_value;
    require(result == 0 || automatic || (result >= options[i].minimum && result <= options[i].maximum));
  }
  for (std::size_t i = 0; i < read.problem_count; ++i) {
    for (std::size_t j = 0; j < i; ++j) require(std::strcmp(read.problems[i].variable, read.problems[j].variable) != 0);
    Line line;
    describe_problem(read.problems[i], line);
    require_printable(line.finish());
  }
  if (read.unused_mode != nullptr) {
    Line line;
    describe_unused_mode(read.unused_mode, line);
    require_printable(line.finish());
  }
  if (read.short_timeout != nullptr) {
    Line line;
    describe_short_timeout(read.short_timeout, line);
    require_printable(line.finish());
  }
  Line line;
  describe_settings(read.settings, nullptr, line);
  require_printable(line.finish());
  return 0;
}
