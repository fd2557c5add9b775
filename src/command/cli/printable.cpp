#include "command/cli/printable.h"

namespace keepalive::command {

std::string shortened(const std::string& text) {
  constexpr std::size_t longest = 200;
  return printable(text.size() > longest ? text.substr(0, longest) + "..." : text);
}

std::string quoted(const std::string& text) { return std::string("'").append(shortened(text)).append("'"); }

std::string describe_wrong_dash(const std::string& word) {
  for (const std::string_view dash : {"\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x88\x92"}) {  // U+2013, U+2014, U+2212
    if (word.starts_with(dash)) return "; it begins with a dash that is not the - of options";
  }
  return "";
}

}  // namespace keepalive::command
