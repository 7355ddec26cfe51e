// Options of the functions over JSON, CSV and XML texts (map('mode', 'FAILFAST')), and the values
// and texts that they share: dates, timestamps, decimals, intervals. Immutable once made, any
// thread.
#pragma once

#include <libstream/data/value.hpp>
#include <libstream/expressions/datetime_pattern.hpp>
#include <libstream/expressions/function.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace stream {

class RecordOptions {
 public:
  /// The constant MAP<STRING, STRING> argument `index`, if there is one. Error
  /// [INVALID_OPTIONS.…] and what patterns give.
  static Result<RecordOptions> make(std::string_view function, Arguments arguments,
                                    std::size_t index, const SqlSettings& settings);

  /// Keys without regard to case.
  std::string get(std::string_view key, std::string_view otherwise) const;
  bool flag(std::string_view key, bool otherwise) const;
  bool fails_fast() const { return fails_fast_; }
  std::string corrupt_column() const { return get("columnnameofcorruptrecord", "_corrupt_record"); }

  /// A value of a type that is written as text in all three formats: dates, timestamps and
  /// intervals. nullopt: it does not read.
  std::optional<Value> parse_time(std::string_view text, const DataType& type) const;
  bool is_time(TypeKind kind) const;
  /// Appends row `row` of a column of such a type.
  void append_time(const Column& column, std::size_t row, std::string& out) const;

 private:
  Result<void> compile_patterns(PatternUse use);

  std::map<std::string, std::string, std::less<>> values_;
  const TimeZone* zone_ = &utc_zone();
  std::optional<DateTimePattern> parse_date_, parse_timestamp_, parse_ntz_;
  std::optional<DateTimePattern> print_date_, print_timestamp_, print_ntz_;
  bool fails_fast_ = false;
};

/// The value of a cell of CSV or an element of XML, of a type that is not nested. nullopt: it does
/// not convert.
std::optional<Value> value_from_text(std::string_view text, const DataType& type,
                                     const RecordOptions& options);
/// Does a decimal text, rounded half up, fit the type?
std::optional<Int128> decimal_from_text(std::string_view text, const DataType& type);
/// [MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION].
Error malformed_record(std::string_view record);
/// The name, in back quotes where it has to be.
std::string quoted_field_name(const std::string& name);
/// A type in Spark's SQL with names quoted where they have to be: "STRUCT<a: INT, `b c`: STRING>".
std::string sql_type_text(const DataType& type);

}  // namespace stream
