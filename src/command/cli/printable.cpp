#include "command/cli/printable.h"

namespace keepalive::command {

std::string shortened(const std::string& text) {
  constexpr std::size_t longest = 200;
  return printable(text.size() > longest ? text.substr(0, longest) + "..." : text);
}

std::string quoted(const std::string& text) { return std::string("'").append(shortened(text)).append("'"); }

}  // namespace keepalive::command
