// What the text formats have in common: malformed records, and texts of dates and times. Parts of
// CsvOptions and JsonOptions.
#pragma once

#include <libstream/expressions/sql_settings.hpp>
#include <libstream/formats/format_options.hpp>

#include <optional>
#include <string>

namespace stream {

enum class MalformedMode {
  permissive,      ///< the fields that parse, null for the others
  drop_malformed,  ///< no row; the record is a reject
  fail_fast,       ///< an error
};

struct MalformedHandling {
  MalformedMode mode = MalformedMode::permissive;
  /// Where the schema has this column, it gets the text of malformed records (permissive only).
  std::string corrupt_column = "_corrupt_record";
};

/// Patterns are Spark's (datetime patterns); unset ones take what CAST takes.
struct TimeFormats {
  std::optional<std::string> date;
  std::optional<std::string> timestamp;
  std::optional<std::string> timestamp_ntz;
  std::string time_zone = "UTC";
  std::string locale = "en-US";
  /// Texts that do not fit the pattern are tried as CAST does; unset: when there is no pattern.
  std::optional<bool> falls_back;
};

/// Options named by Spark's texts: "PERMISSIVE", in any case. Unknown ones are permissive, as in
/// Spark.
MalformedMode parse_malformed_mode(const std::string& value);

/// The defaults that come from the session.
MalformedHandling default_malformed_handling(const SqlSettings& settings);
TimeFormats default_time_formats(const SqlSettings& settings);

/// The fields of both, for the tables of formats. `member` picks the part in `Options`.
template <class Options>
OptionTable<Options> malformed_fields(MalformedHandling Options::*member) {
  return {
      {{"mode", "", "PERMISSIVE",
        "What becomes of malformed records: PERMISSIVE, DROPMALFORMED or FAILFAST."},
       [member](Options& o, const std::string& v) -> Result<void> {
         (o.*member).mode = parse_malformed_mode(v);
         return {};
       }},
      {{"columnNameOfCorruptRecord", "", "_corrupt_record",
        "Column that gets the text of malformed records, where the schema has it."},
       [member](Options& o, const std::string& v) -> Result<void> {
         (o.*member).corrupt_column = v;
         return {};
       }},
  };
}

template <class Options>
OptionTable<Options> time_fields(TimeFormats Options::*member) {
  const auto text = [member](std::optional<std::string> TimeFormats::*field) {
    return [member, field](Options& o, const std::string& v) -> Result<void> {
      o.*member.*field = v;
      return {};
    };
  };
  return {
      {{"dateFormat", "", "yyyy-MM-dd", "Pattern of dates."}, text(&TimeFormats::date)},
      {{"timestampFormat", "", "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]", "Pattern of timestamps."},
       text(&TimeFormats::timestamp)},
      {{"timestampNTZFormat", "", "yyyy-MM-dd'T'HH:mm:ss[.SSS]",
        "Pattern of timestamps without time zone."},
       text(&TimeFormats::timestamp_ntz)},
      {{"timeZone", "", "spark.sql.session.timeZone",
        "Zone of timestamps without one, and of timestamps that are written."},
       [member](Options& o, const std::string& v) -> Result<void> {
         (o.*member).time_zone = v;
         return {};
       }},
      {{"locale", "", "en-US", "Language tag (IETF BCP 47) for dates and decimals."},
       [member](Options& o, const std::string& v) -> Result<void> {
         (o.*member).locale = v;
         return {};
       }},
      {{"enableDateTimeParsingFallback", "", "true without a pattern",
        "Whether texts that do not fit the pattern are tried in the forms of CAST."},
       [member](Options& o, const std::string& v) -> Result<void> {
         STREAM_TRY((o.*member).falls_back, option_flag(v));
         return {};
       }},
  };
}

template <class Options>
void append_fields(OptionTable<Options>& table, OptionTable<Options> more) {
  for (auto& field : more) table.push_back(std::move(field));
}

}  // namespace stream
