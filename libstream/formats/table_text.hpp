// Rows as DataFrame.show() prints them. Used by show(), the console sink and the shell. Pure.
#pragma once

#include <libstream/data/batch.hpp>
#include <libstream/expressions/sql_settings.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace stream {

struct TableTextOptions {
  std::size_t max_rows = 20;
  std::size_t truncate = 20;  ///< cells are cut to so many characters; 0: whole, left-aligned
  bool is_vertical = false;   ///< a line a value, "-RECORD 0---" before each row
};

/// The text of at most options.max_rows rows of `batches` (of one schema), with the note "only
/// showing top n rows" when there are more. Ends in a line end. Give at least max_rows + 1 rows
/// where there are as many.
std::string show_text(const Schema& schema, std::span<const Batch> batches,
                      const TableTextOptions& options, const SqlSettings& settings);

/// Columns of a terminal that the text takes: full-width characters count two.
std::size_t display_width(std::string_view text);

}  // namespace stream
