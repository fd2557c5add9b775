/// @file
/// Text in columns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace keepalive::command {

enum class Color : unsigned char { none, green, red };

struct Cell {
  std::string text;
  Color color = Color::none;
};

struct Column {
  std::string title;
  bool right_aligned = false;
  bool may_shrink = false;  ///< its text may be cut where the lines would not fit
};

/// How the standard output wants it.
struct Style {
  std::size_t width = 0;  ///< of a line; 0: whatever it takes
  bool colors = false;
};

/// Of the standard output: a terminal has a width, and colors unless NO_COLOR is set (no-color.org) or TERM is `dumb`.
Style standard_output_style();

/// The table with its titles, two spaces between columns. Where a line is wider than the style allows, the widest of
/// the columns that may shrink lose text, marked with `~`.
std::string format_table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                         const Style& style);

}  // namespace keepalive::command
