/// @file
/// Text in columns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "keepalive/options.h"

namespace keepalive::command {

enum class Color : unsigned char { none, green, red };

struct Cell {
  std::string text;
  Color color = Color::none;
  std::size_t tail = 0;  ///< how many of its last characters are never cut (a port)
};

struct Column {
  std::string title;
  bool right_aligned = false;
  bool may_shrink = false;  ///< texts may be shortened if the lines are too wide
  bool optional = false;    ///< left out if each row has `-`
};

/// For the values of an option: right-aligned, its title is the option's word in capitals.
Column value_column(const Option& option);

/// What suits the standard output.
struct Style {
  std::size_t width = 0;  ///< of a line; 0: no limit
  bool colors = false;
};

/// Of the standard output: a terminal has a width, and colors unless NO_COLOR is set (no-color.org) or TERM is `dumb`.
Style standard_output_style();

/// The table with its titles, two spaces between columns. If a line is wider than the style allows: first one space
/// between columns, and texts in columns that may shrink lose their middle, marked with `~`. If that is not enough, the
/// spaces around `->` go too. If the lines are still too wide, nothing is shortened.
std::string format_table(std::vector<Column> columns, std::vector<std::vector<Cell>> rows, const Style& style);

}  // namespace keepalive::command
