// The options of CSV, Spark's names and defaults. One table parses, checks and lists them.
#pragma once

#include <libstream/formats/read_behaviour.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace stream {

enum class UnescapedQuotes {
  stop_at_closing_quote,
  back_to_delimiter,
  stop_at_delimiter,
  skip_value,
  raise_error,
};

/// How fields and records are told apart.
struct CsvSyntax {
  std::string separator = ",";
  char quote = '"';                      ///< '\0': none
  char escape = '\\';                    ///< '\0': none
  std::optional<char> escape_of_escape;  ///< unset: the escape, none where it is the quote
  std::optional<char> comment;
  std::optional<std::string> line_separator;  ///< unset: any of \n, \r, \r\n
  bool is_multi_line = false;
  bool ignores_leading_space = false;
  bool ignores_trailing_space = false;
  UnescapedQuotes unescaped_quotes = UnescapedQuotes::stop_at_delimiter;
  std::int64_t max_columns = 20480;
  std::int64_t max_characters = -1;  ///< of a field; -1: no limit

  char effective_escape_of_escape() const {
    return escape_of_escape.value_or(quote == escape ? '\0' : escape);
  }
};

/// Texts that stand for values.
struct CsvValues {
  std::string null_value;
  std::optional<std::string> empty_value;  ///< read: "", written: "\"\""
  std::string nan = "NaN";
  std::string positive_infinity = "Inf";
  std::string negative_infinity = "-Inf";
};

struct CsvInference {
  bool is_on = false;
  bool prefers_date = true;
  double sampling_ratio = 1;
};

struct CsvWriting {
  bool quotes_all = false;
  bool escapes_quotes = true;
  bool ignores_leading_space = true;
  bool ignores_trailing_space = true;
  std::string compression;
};

struct CsvOptions {
  CsvSyntax syntax;
  CsvValues values;
  bool has_header = false;
  bool enforces_schema = true;
  /// Fields that are not asked for are not looked at, nor is their number. Unset: so, but where
  /// records may have several lines.
  std::optional<bool> prunes_columns;
  MalformedHandling malformed;
  TimeFormats times;
  CsvInference inference;
  CsvWriting writing;
  std::string encoding = "UTF-8";
  std::string single_variant_column;
};

const OptionTable<CsvOptions>& csv_option_table();

/// As the option says, or by its default.
inline bool prunes_columns(const CsvOptions& options) {
  return options.prunes_columns.value_or(!options.syntax.is_multi_line);
}

/// Takes the options of CSV out of `options`; the session gives zone and names. All wrong values
/// are reported at once.
Result<CsvOptions> parse_csv_options(OptionMap& options, const SqlSettings& settings);

}  // namespace stream
