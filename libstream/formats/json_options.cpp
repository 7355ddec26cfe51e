#include <libstream/formats/json_options.hpp>
#include <libstream/formats/text_encoding.hpp>

namespace stream {
namespace {

using Options = JsonOptions;
using Set = std::function<Result<void>(Options&, const std::string&)>;

template <class Part>
Set flag(Part Options::*part, bool Part::*field) {
  return [part, field](Options& o, const std::string& v) -> Result<void> {
    STREAM_TRY(o.*part.*field, option_flag(v));
    return {};
  };
}

void add_leniency(OptionTable<Options>& table) {
  const auto add = [&](std::string_view name, std::string_view normally, bool JsonLeniency::*field,
                       std::string_view sentence) {
    table.push_back({{name, "", normally, sentence}, flag(&Options::leniency, field)});
  };
  add("allowComments", "false", &JsonLeniency::comments, "Whether /* */ and // are comments.");
  add("allowUnquotedFieldNames", "false", &JsonLeniency::unquoted_names,
      "Whether field names may stand without quotes.");
  add("allowSingleQuotes", "true", &JsonLeniency::single_quotes,
      "Whether strings may stand in single quotes.");
  add("allowNumericLeadingZeros", "false", &JsonLeniency::leading_zeros,
      "Whether numbers may begin with zeros.");
  add("allowNonNumericNumbers", "true", &JsonLeniency::non_numeric_numbers,
      "Whether NaN, INF, Infinity are numbers.");
  add("allowBackslashEscapingAnyCharacter", "false", &JsonLeniency::any_escape,
      "Whether a backslash may stand before any character.");
  add("allowUnquotedControlChars", "false", &JsonLeniency::control_characters,
      "Whether strings may hold control characters as they are.");
}

void add_reading(OptionTable<Options>& table) {
  table.push_back({{"multiLine", "", "false", "Whether a file is one record, or an array of them."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     STREAM_TRY(o.is_multi_line, option_flag(v));
                     return {};
                   }});
  table.push_back({{"lineSep", "", "\\n, \\r or \\r\\n", "Separator of records."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     if (v.empty()) return bad_option("'lineSep' cannot be an empty string");
                     o.line_separator = v;
                     return {};
                   }});
  table.push_back({{"singleVariantColumn", "", "", "Reads each record into one VARIANT column."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     o.single_variant_column = v;
                     return {};
                   }});
  table.push_back({{"maxNestingDepth", "", "1000", "Deeper records are malformed."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     STREAM_TRY(o.max_depth, option_integer(v));
                     if (o.max_depth < 1) return bad_option("must be positive");
                     return {};
                   }});
  table.push_back({{"encoding", "charset", "UTF-8", "Character encoding of files."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     STREAM_TRY(check_encoding(v));
                     o.encoding = v;
                     return {};
                   }});
}

void add_inference(OptionTable<Options>& table) {
  const auto add = [&](std::string_view name, bool JsonInference::*field,
                       std::string_view sentence) {
    table.push_back({{name, "", "false", sentence}, flag(&Options::inference, field)});
  };
  add("primitivesAsString", &JsonInference::primitives_as_string,
      "Whether numbers and booleans are found as STRING.");
  add("prefersDecimal", &JsonInference::prefers_decimal,
      "Whether numbers with a point are found as DECIMAL.");
  add("inferTimestamp", &JsonInference::infers_timestamp,
      "Whether texts of timestamps are found as TIMESTAMP.");
  add("dropFieldIfAllNull", &JsonInference::drops_all_null,
      "Whether columns that are always null or empty are left out.");
  table.push_back({{"samplingRatio", "", "1.0", "Share of the records that inference looks at."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     STREAM_TRY(o.inference.sampling_ratio, option_ratio(v));
                     return {};
                   }});
}

void add_writing(OptionTable<Options>& table) {
  table.push_back({{"ignoreNullFields", "", "true", "Whether null fields are left out."},
                   flag(&Options::writing, &JsonWriting::ignores_null_fields)});
  table.push_back({{"writeNonAsciiCharacterAsCodePoint", "", "false",
                    "Whether characters beyond ASCII are written as \\u escapes."},
                   flag(&Options::writing, &JsonWriting::escapes_non_ascii)});
  table.push_back({{"compression", "", "none", "Codec of written files: none, gzip, zstd."},
                   [](Options& o, const std::string& v) -> Result<void> {
                     STREAM_TRY(o.writing.compression, option_compression(v));
                     return {};
                   }});
}

}  // namespace

const OptionTable<JsonOptions>& json_option_table() {
  static const OptionTable<Options> table = [] {
    OptionTable<Options> all;
    add_reading(all);
    add_leniency(all);
    append_fields(all, malformed_fields(&Options::malformed));
    append_fields(all, time_fields(&Options::times));
    add_inference(all);
    add_writing(all);
    return all;
  }();
  return table;
}

Result<JsonOptions> parse_json_options(OptionMap& options, const SqlSettings& settings) {
  JsonOptions parsed;
  parsed.malformed = default_malformed_handling(settings);
  parsed.times = default_time_formats(settings);
  parsed.writing.ignores_null_fields =
      settings.get_flag("spark.sql.jsonGenerator.ignoreNullFields", true);
  STREAM_TRY(read_options(json_option_table(), options, parsed));
  return parsed;
}

}  // namespace stream
