// Names and values as parts of SQL statements. Whatever a user or a row brings goes through here or
// through a parameter: nothing else is ever put into a statement. Pure functions, any thread.
#pragma once

#include <libstream/base/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace stream::postgresql {

/// "name" with quotes inside doubled. Requires a name without a zero byte.
std::string quote_name(std::string_view name);
/// 'text', safe under any setting of standard_conforming_strings.
std::string quote_text(std::string_view text);

/// A table as the catalogue knows it; `schema` empty: found by the search path.
struct TableName {
  std::string schema;
  std::string table;

  /// "schema"."table", quoted.
  std::string quoted() const;
  /// schema.table for people.
  std::string shown() const;
};

/// Reads `table`, `schema.table`, with or without double quotes. Names without quotes are taken
/// as they are written, as Spark quotes them, not folded to lower case. Error bad_option.
Result<TableName> parse_table_name(std::string_view text);

/// `a, b` with double quotes where a name holds a comma or blanks at its ends.
Result<std::vector<std::string>> parse_name_list(std::string_view text);

/// "a", "b": quoted names with commas, each with `prefix` in front.
std::string quote_names(const std::vector<std::string>& names, std::string_view prefix = "");

}  // namespace stream::postgresql
