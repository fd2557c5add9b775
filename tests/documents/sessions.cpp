#include "sessions.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

namespace documents {
namespace {

constexpr char prompt[] = "$ ";

bool begins_with(const std::string& text, const std::string& start) { return text.rfind(start, 0) == 0; }

bool is_manual_page(const std::string& document) {
  return document.size() < 3 || document.substr(document.size() - 3) != ".md";
}

struct Block {
  int line = 0;
  std::vector<std::string> lines;
};

// The lines between one that begins with `begin` and the next `end`, for each such block.
std::vector<Block> blocks_of(const std::string& document, const std::string& begin, const std::string& end) {
  std::vector<Block> blocks;
  bool inside = false;
  int number = 0;
  for (const std::string& line : lines_of(document)) {
    ++number;
    if (!inside && begins_with(line, begin)) {
      blocks.push_back({number, {}});
      inside = true;
    } else if (inside && line == end) {
      inside = false;
    } else if (inside) {
      blocks.back().lines.push_back(line);
    }
  }
  return blocks;
}

Session session_of(const std::string& document, const Block& block) {
  Session session{document, block.line, {}, {}};
  for (const std::string& line : block.lines) {
    const std::string text = is_manual_page(document) ? unescaped(line) : line;
    if (begins_with(text, prompt)) {
      session.commands.push_back(text.substr(2));
    } else {
      session.output += text + "\n";
    }
  }
  return session;
}

}  // namespace

std::vector<std::string> lines_of(const std::string& document) {
  std::ifstream text(std::string(KEEPALIVE_SOURCE "/") + document);
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::vector<Session> sessions_in(const std::string& document) {
  const bool manual = is_manual_page(document);
  std::vector<Session> sessions;
  for (const Block& block :
       manual ? blocks_of(document, ".Bd -literal", ".Ed") : blocks_of(document, "```console", "```")) {
    const bool has_commands = !block.lines.empty() && begins_with(block.lines[0], prompt);
    if (has_commands || !manual) sessions.push_back(session_of(document, block));
  }
  return sessions;
}

std::string test_name(const std::string& document) {
  std::string name = document.substr(document.rfind('/') + 1);
  std::replace_if(
      name.begin(), name.end(), [](char character) { return character == '.' || character == '-'; }, '_');
  return name;
}

std::string unescaped(const std::string& roff) {
  static const std::array<std::pair<std::string, std::string>, 4> escapes{
      {{"\\-", "-"}, {"\\&", ""}, {"\\e", "\\"}, {"\\(aq", "'"}}};
  std::string text;
  for (std::size_t i = 0; i < roff.size();) {
    std::size_t length = 0;
    for (const auto& [escape, character] : escapes) {
      if (roff.compare(i, escape.size(), escape) != 0) continue;
      text += character;
      length = escape.size();
    }
    if (length == 0) text += roff[i];
    i += length != 0 ? length : 1;
  }
  return text;
}

}  // namespace documents
