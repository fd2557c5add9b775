#include "command/cli/table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

namespace keepalive::command {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t smallest = 8;  // width that a column keeps

using Widths = std::vector<std::size_t>;

Widths natural_widths(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows) {
  Widths widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t width = columns[i].title.size();
    for (const auto& row : rows) width = std::max(width, row[i].text.size());
    widths.push_back(width);
  }
  return widths;
}

std::size_t line_width(const Widths& widths) {
  return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + gap * (widths.size() - 1);
}

void shrink(Widths& widths, const std::vector<Column>& columns, std::size_t limit) {
  while (line_width(widths) > limit) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].may_shrink && widths[i] > smallest && (widest == nullptr || widths[i] > *widest)) {
        widest = &widths[i];
      }
    }
    if (widest == nullptr) return;
    --*widest;
  }
}

std::string painted(const std::string& text, Color color) {
  switch (color) {
    case Color::green:
      return "\033[32m" + text + "\033[0m";
    case Color::red:
      return "\033[31m" + text + "\033[0m";
    case Color::none:
      break;
  }
  return text;
}

std::string padded(const Cell& cell, const Column& column, std::size_t width, bool colors, bool last) {
  std::string text = cell.text;
  if (text.size() > width) text = text.substr(0, width - 1) + "~";
  const std::string space(width - text.size(), ' ');
  if (colors) text = painted(text, cell.color);
  if (column.right_aligned) return space + text;
  return last ? text : text + space;
}

}  // namespace

Style standard_output_style() {
  if (isatty(STDOUT_FILENO) == 0) return {};
  Style style;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) style.width = size.ws_col;
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  style.colors =
      (no_color == nullptr || *no_color == '\0') && terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
  return style;
}

std::string format_table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                         const Style& style) {
  Widths widths = natural_widths(columns, rows);
  if (style.width > 0) shrink(widths, columns, style.width);
  std::string text;
  const auto add_line = [&](const auto& cell_of) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) text.append(gap, ' ');
      text += padded(cell_of(i), columns[i], widths[i], style.colors, i + 1 == columns.size());
    }
    text += '\n';
  };
  add_line([&](std::size_t i) { return Cell{columns[i].title}; });
  for (const auto& row : rows) add_line([&](std::size_t i) { return row[i]; });
  return text;
}

}  // namespace keepalive::command
