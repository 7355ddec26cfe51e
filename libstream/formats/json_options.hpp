// The options of JSON, Spark's names and defaults. One table parses, checks and lists them.
#pragma once

#include <libstream/formats/read_behaviour.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace stream {

/// What of JSON's grammar is taken more loosely.
struct JsonLeniency {
  bool comments = false;
  bool unquoted_names = false;
  bool single_quotes = true;
  bool leading_zeros = false;
  bool non_numeric_numbers = true;
  bool any_escape = false;
  bool control_characters = false;
};

struct JsonInference {
  bool primitives_as_string = false;
  bool prefers_decimal = false;
  bool infers_timestamp = false;
  bool drops_all_null = false;
  double sampling_ratio = 1;
};

struct JsonWriting {
  bool ignores_null_fields = true;
  bool escapes_non_ascii = false;
  std::string compression;
};

struct JsonOptions {
  JsonLeniency leniency;
  bool is_multi_line = false;
  std::optional<std::string> line_separator;
  MalformedHandling malformed;
  TimeFormats times;
  JsonInference inference;
  JsonWriting writing;
  std::string encoding = "UTF-8";
  std::string single_variant_column;
  std::int64_t max_depth = 1000;
};

const OptionTable<JsonOptions>& json_option_table();

/// Takes the options of JSON out of `options`. All wrong values are reported at once.
Result<JsonOptions> parse_json_options(OptionMap& options, const SqlSettings& settings);

}  // namespace stream
