#include <libstream/base/ascii.hpp>
#include <libstream/formats/csv_options.hpp>
#include <libstream/formats/text_encoding.hpp>

#include <fmt/format.h>

#include <charconv>

namespace stream {
namespace {

using Options = CsvOptions;
using Set = std::function<Result<void>(Options&, const std::string&)>;

template <class Part>
Set flag(Part Options::*part, bool Part::*field) {
  return [part, field](Options& o, const std::string& v) -> Result<void> {
    STREAM_TRY(o.*part.*field, option_flag(v));
    return {};
  };
}
template <class Part>
Set text(Part Options::*part, std::string Part::*field) {
  return [part, field](Options& o, const std::string& v) -> Result<void> {
    o.*part.*field = v;
    return {};
  };
}

/// "\t" and the like written out, as users write them in configuration files.
Result<std::string> parse_separator(const std::string& value) {
  if (value.empty()) return bad_option("[INVALID_DELIMITER_VALUE.EMPTY_STRING] is empty");
  if (value == "\\")
    return bad_option("[INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH] one backslash is no separator");
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '\\') {
      out += value[i];
      continue;
    }
    const char next = i + 1 < value.size() ? value[i + 1] : '\0';
    const std::string_view known = "trnbf\"'\\0";
    const std::string_view meant{"\t\r\n\b\f\"'\\\0", 9};
    const std::size_t at = known.find(next);
    if (next == '\0' || at == std::string_view::npos)
      return bad_option(fmt::format(
          "[INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER] '{}' is no known escape",
          value));
    out += meant[at];
    ++i;
  }
  return out;
}

Result<void> set_line_separator(Options& o, const std::string& value) {
  if (value.empty()) return bad_option("'lineSep' cannot be an empty string");
  if (value.size() > 2) return bad_option("'lineSep' can contain only 1 character");
  o.syntax.line_separator = value;
  return {};
}

Result<void> set_unescaped_quotes(Options& o, const std::string& value) {
  const std::string name = ascii_upper(value);
  if (name == "STOP_AT_CLOSING_QUOTE") {
    o.syntax.unescaped_quotes = UnescapedQuotes::stop_at_closing_quote;
  } else if (name == "BACK_TO_DELIMITER") {
    o.syntax.unescaped_quotes = UnescapedQuotes::back_to_delimiter;
  } else if (name == "STOP_AT_DELIMITER") {
    o.syntax.unescaped_quotes = UnescapedQuotes::stop_at_delimiter;
  } else if (name == "SKIP_VALUE") {
    o.syntax.unescaped_quotes = UnescapedQuotes::skip_value;
  } else if (name == "RAISE_ERROR") {
    o.syntax.unescaped_quotes = UnescapedQuotes::raise_error;
  } else {
    return bad_option(
        fmt::format("'{}' is none of STOP_AT_CLOSING_QUOTE, BACK_TO_DELIMITER, "
                    "STOP_AT_DELIMITER, SKIP_VALUE, RAISE_ERROR",
                    value));
  }
  return {};
}

Set limit(std::int64_t CsvSyntax::*field, std::int64_t least) {
  return [field, least](Options& o, const std::string& v) -> Result<void> {
    STREAM_TRY(const std::int64_t number, option_integer(v));
    if (number < least) return bad_option(fmt::format("{} is less than {}", number, least));
    o.syntax.*field = number;
    return {};
  };
}

void add_syntax(OptionTable<Options>& table) {
  const auto character = [](char CsvSyntax::*field) -> Set {
    return [field](Options& o, const std::string& v) -> Result<void> {
      STREAM_TRY(o.syntax.*field, option_character(v));
      return {};
    };
  };
  const auto optional_character = [](std::optional<char> CsvSyntax::*field) -> Set {
    return [field](Options& o, const std::string& v) -> Result<void> {
      STREAM_TRY(const char c, option_character(v));
      if (c != '\0') o.syntax.*field = c;
      return {};
    };
  };
  table.push_back({{"sep", "delimiter", ",", "Separator of fields; one or more characters."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     STREAM_TRY(o.syntax.separator, parse_separator(v));
                     return {};
                   }});
  table.push_back(
      {{"quote", "", "\"", "Quotes fields; empty: no quoting."}, character(&CsvSyntax::quote)});
  table.push_back(
      {{"escape", "", "\\", "Escapes quotes in quoted fields."}, character(&CsvSyntax::escape)});
  table.push_back({{"charToEscapeQuoteEscaping", "", "escape", "Escapes the escape character."},
                   optional_character(&CsvSyntax::escape_of_escape)});
  table.push_back({{"comment", "", "", "Lines that begin with it are skipped."},
                   optional_character(&CsvSyntax::comment)});
  table.push_back(
      {{"lineSep", "", "\\n, \\r or \\r\\n", "Separator of records."}, set_line_separator});
  table.push_back({{"multiLine", "", "false", "Whether quoted fields may hold line ends."},
                   flag(&Options::syntax, &CsvSyntax::is_multi_line)});
  table.push_back({{"unescapedQuoteHandling", "", "STOP_AT_DELIMITER",
                    "What a quote inside a field that is not escaped means."},
                   set_unescaped_quotes});
  table.push_back({{"maxColumns", "", "20480", "Records with more fields are an error."},
                   limit(&CsvSyntax::max_columns, 1)});
  table.push_back({{"maxCharsPerColumn", "", "-1", "Longer fields are an error; -1: no limit."},
                   limit(&CsvSyntax::max_characters, -1)});
  table.push_back({{"ignoreLeadingWhiteSpace", "", "false (written: true)",
                    "Whether blanks in front of values go."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     STREAM_TRY(const bool is_on, option_flag(v));
                     o.syntax.ignores_leading_space = o.writing.ignores_leading_space = is_on;
                     return {};
                   }});
  table.push_back({{"ignoreTrailingWhiteSpace", "", "false (written: true)",
                    "Whether blanks behind values go."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     STREAM_TRY(const bool is_on, option_flag(v));
                     o.syntax.ignores_trailing_space = o.writing.ignores_trailing_space = is_on;
                     return {};
                   }});
}

void add_values(OptionTable<Options>& table) {
  table.push_back(
      {{"nullValue", "", "", "Text of null."}, text(&Options::values, &CsvValues::null_value)});
  table.push_back({{"emptyValue", "", "\"\" when written", "Text of the empty string."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     o.values.empty_value = v;
                     return {};
                   }});
  table.push_back({{"nanValue", "", "NaN", "Text of a number that is none."},
                   text(&Options::values, &CsvValues::nan)});
  table.push_back({{"positiveInf", "", "Inf", "Text of infinity."},
                   text(&Options::values, &CsvValues::positive_infinity)});
  table.push_back({{"negativeInf", "", "-Inf", "Text of minus infinity."},
                   text(&Options::values, &CsvValues::negative_infinity)});
}

void add_schema(OptionTable<Options>& table) {
  table.push_back(
      {{"header", "", "false", "Whether the first line of each file names the columns."},
       [](Options& o, const std::string& v) -> Result<void> {
         STREAM_TRY(o.has_header, option_flag(v));
         return {};
       }});
  table.push_back({{"enforceSchema", "", "true", "false: headers must agree with the schema."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     STREAM_TRY(o.enforces_schema, option_flag(v));
                     return {};
                   }});
  table.push_back({{"columnPruning", "", "", "Whether fields that are not read are left unseen."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     STREAM_TRY(o.prunes_columns, option_flag(v));
                     return {};
                   }});
  table.push_back({{"inferSchema", "", "false", "Whether types are found in the data."},
                   flag(&Options::inference, &CsvInference::is_on)});
  table.push_back({{"preferDate", "", "true", "Whether dates are found as DATE."},
                   flag(&Options::inference, &CsvInference::prefers_date)});
  table.push_back({{"samplingRatio", "", "1.0", "Share of the records that inference looks at."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     STREAM_TRY(o.inference.sampling_ratio, option_ratio(v));
                     return {};
                   }});
  table.push_back({{"singleVariantColumn", "", "", "Reads each record into one VARIANT column."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     o.single_variant_column = v;
                     return {};
                   }});
}

void add_writing(OptionTable<Options>& table) {
  table.push_back({{"quoteAll", "", "false", "Whether all written fields are quoted."},
                   flag(&Options::writing, &CsvWriting::quotes_all)});
  table.push_back({{"escapeQuotes", "", "true", "Whether written values with quotes are quoted."},
                   flag(&Options::writing, &CsvWriting::escapes_quotes)});
  table.push_back({{"compression", "codec", "none", "Codec of written files: none, gzip, zstd."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     STREAM_TRY(o.writing.compression, option_compression(v));
                     return {};
                   }});
  table.push_back({{"encoding", "charset", "UTF-8", "Character encoding of files."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     STREAM_TRY(check_encoding(v));
                     o.encoding = v;
                     return {};
                   }});
  table.push_back(
      {{"inputBufferSize", "", "", "Taken for compatibility; blocks are sized by the reader."},
       [](Options&, const std::string& v) -> Result<void> {
         STREAM_TRY(option_integer(v));
         return {};
       }});
}

}  // namespace

const OptionTable<CsvOptions>& csv_option_table() {
  static const OptionTable<Options> table = [] {
    OptionTable<Options> all;
    add_syntax(all);
    add_values(all);
    add_schema(all);
    append_fields(all, malformed_fields(&Options::malformed));
    append_fields(all, time_fields(&Options::times));
    add_writing(all);
    return all;
  }();
  return table;
}

Result<CsvOptions> parse_csv_options(OptionMap& options, const SqlSettings& settings) {
  CsvOptions parsed;
  parsed.malformed = default_malformed_handling(settings);
  parsed.times = default_time_formats(settings);
  if (!settings.get_flag("spark.sql.csv.parser.columnPruning.enabled", true))
    parsed.prunes_columns = false;
  STREAM_TRY(read_options(csv_option_table(), options, parsed));
  return parsed;
}

}  // namespace stream
