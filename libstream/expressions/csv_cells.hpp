// One CSV record cut into cells and put together from them, under Spark's options. Immutable, any
// thread; used by from_csv, to_csv and schema_of_csv.
#pragma once

#include <libstream/expressions/text_options.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

struct CsvFormat {
  std::string separator = ",";
  char quote = '"';  ///< 0: none
  char escape = '\\';
  std::string null_text;
  std::string empty_text;  ///< of quoted empty cells
  bool trims_left = false;
  bool trims_right = false;
  bool quotes_all = false;
  bool escapes_quotes = true;

  /// Of from_csv, or of to_csv, whose defaults differ.
  static CsvFormat of(const RecordOptions& options, bool is_write);
};

/// Unset: an empty cell without quotes, or the text for nulls.
using CsvCells = std::vector<std::optional<std::string>>;
CsvCells cut_csv(std::string_view line, const CsvFormat& format);

/// Appends a cell; quotes stand around it where they have to.
void append_csv_cell(std::string_view text, const CsvFormat& format, std::string& out);

}  // namespace stream
