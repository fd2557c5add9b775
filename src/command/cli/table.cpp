#include "command/cli/table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <numeric>

namespace keepalive::command {
namespace {

constexpr std::size_t shortest = 5;  // what is left of a text without its tail

using Rows = std::vector<std::vector<Cell>>;
using Widths = std::vector<std::size_t>;

void leave_out_empty(std::vector<Column>& columns, Rows& rows) {
  for (std::size_t i = columns.size(); i-- > 0;) {
    const bool empty = std::all_of(rows.begin(), rows.end(), [i](const auto& row) { return row[i].text == "-"; });
    if (!columns[i].optional || !empty) continue;
    const auto offset = static_cast<std::ptrdiff_t>(i);
    columns.erase(columns.begin() + offset);
    for (auto& row : rows) row.erase(row.begin() + offset);
  }
}

// The width of each column if the cells have these widths.
template <class CellWidth>
Widths widths_of(const std::vector<Column>& columns, const Rows& rows, CellWidth cell_width) {
  Widths widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t width = columns[i].title.size();
    for (const auto& row : rows) width = std::max(width, cell_width(row[i], columns[i]));
    widths.push_back(width);
  }
  return widths;
}

std::size_t full_width(const Cell& cell, const Column&) { return cell.text.size(); }

std::size_t smallest_width(const Cell& cell, const Column& column) {
  const std::size_t full = cell.text.size();
  return column.may_shrink ? std::min(full, shortest + cell.tail) : full;
}

struct Measures {
  Widths widths;
  std::size_t gap;  ///< between columns

  [[nodiscard]] std::size_t line() const {
    return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + gap * (widths.size() - 1);
  }
};

Measures fit(const std::vector<Column>& columns, const Rows& rows, std::size_t limit) {
  Measures natural{widths_of(columns, rows, full_width), 2};
  if (limit == 0 || natural.line() <= limit) return natural;
  const Measures smallest{widths_of(columns, rows, smallest_width), 1};
  if (smallest.line() > limit) return natural;
  Measures fitting{natural.widths, 1};
  while (fitting.line() > limit) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      std::size_t& width = fitting.widths[i];
      if (width > smallest.widths[i] && (widest == nullptr || width > *widest)) widest = &width;
    }
    --*widest;
  }
  return fitting;
}

// Without the spaces in `off -> 2m+4x30s`.
Rows with_tight_arrows(Rows rows) {
  for (auto& row : rows) {
    for (Cell& cell : row) {
      const std::size_t arrow = cell.text.find(" -> ");
      if (arrow != std::string::npos) cell.text.replace(arrow, 4, "->");
    }
  }
  return rows;
}

std::string without_middle(const Cell& cell, std::size_t width) {
  const std::size_t size = cell.text.size();
  if (size <= width) return cell.text;
  const std::size_t kept = width - cell.tail - 1;
  const std::size_t begin = (kept + 1) / 2;
  return cell.text.substr(0, begin) + "~" + cell.text.substr(size - cell.tail - (kept - begin));
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
  std::string text = without_middle(cell, width);
  const std::string space(width - text.size(), ' ');
  if (colors) text = painted(text, cell.color);
  if (column.right_aligned) return space + text;
  return last ? text : text + space;
}

}  // namespace

Column value_column(const Option& option) {
  std::string title = option.word;
  std::transform(title.begin(), title.end(), title.begin(), [](unsigned char c) { return std::toupper(c); });
  return {title, true};
}

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

std::string format_table(std::vector<Column> columns, Rows rows, const Style& style) {
  leave_out_empty(columns, rows);
  Measures measures = fit(columns, rows, style.width);
  if (style.width != 0 && measures.line() > style.width) {
    const Rows tight = with_tight_arrows(rows);
    const Measures smaller = fit(columns, tight, style.width);
    if (smaller.line() <= style.width) {
      rows = tight;
      measures = smaller;
    }
  }
  std::string text;
  const auto add_line = [&](const auto& cell_of) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) text.append(measures.gap, ' ');
      text += padded(cell_of(i), columns[i], measures.widths[i], style.colors, i + 1 == columns.size());
    }
    text += '\n';
  };
  add_line([&](std::size_t i) { return Cell{columns[i].title}; });
  for (const auto& row : rows) add_line([&](std::size_t i) { return row[i]; });
  return text;
}

}  // namespace keepalive::command
