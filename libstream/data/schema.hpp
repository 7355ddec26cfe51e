// Types and schemas, Spark's.
#pragma once

#include <libstream/base/int128.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace stream {

enum class TypeKind : std::uint8_t {
  null,
  boolean,
  int8,     ///< Spark's byte
  int16,    ///< short
  int32,    ///< int
  int64,    ///< long
  float32,  ///< float
  float64,  ///< double
  string,
  binary,
  array,                ///< one child: the element
  structure,            ///< struct: a child a field
  map,                  ///< two children: key and value
  decimal,              ///< an Int128 of 10^-scale
  date,                 ///< days since 1970-01-01, 32 bits
  timestamp,            ///< microseconds since 1970-01-01 00:00:00 UTC
  timestamp_ntz,        ///< microseconds of a wall clock without a zone
  day_time_interval,    ///< microseconds
  year_month_interval,  ///< months, 32 bits
  calendar_interval,    ///< CalendarInterval
  variant,              ///< JSON text of any shape, stored as a string
};

/// Months, days and microseconds, each counted for itself.
struct CalendarInterval {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t micros = 0;
  bool operator==(const CalendarInterval&) const = default;
};

inline constexpr std::uint8_t kMaxDecimalPrecision = 38;

/// The fields of interval types, in Spark's order.
enum class IntervalField : std::uint8_t { year, month, day, hour, minute, second };

struct Field;

struct DataType {
  TypeKind kind = TypeKind::null;
  std::vector<Field> children;
  std::uint8_t precision = 0;  ///< decimal; intervals: the first IntervalField
  std::uint8_t scale = 0;      ///< decimal; intervals: the last IntervalField
  /// Strings: CHAR(n) is padded to n characters, VARCHAR(n) has at most n; 0: no limit.
  std::uint32_t max_characters = 0;
  bool is_padded = false;

  bool operator==(const DataType&) const;
  /// Spark's DDL: "BIGINT", "STRUCT<a: STRING>".
  std::string to_string() const;
};

struct Field {
  std::string name;
  DataType type;
  bool is_nullable = false;

  bool operator==(const Field&) const = default;
};

/// The columns of a batch.
struct Schema {
  std::vector<Field> fields;

  std::size_t num_fields() const { return fields.size(); }
  bool operator==(const Schema&) const = default;
  /// "name TYPE, …" in DDL.
  std::string to_string() const;
};

DataType primitive(TypeKind kind);
DataType array_of(DataType element, bool is_nullable);
DataType struct_of(std::vector<Field> fields);
DataType map_of(DataType key, DataType value, bool is_value_nullable);
/// Requires 1 <= precision <= 38 and scale <= precision.
DataType decimal_of(int precision, int scale);
/// INTERVAL DAY TO SECOND and the like; requires day <= first <= last.
DataType day_time_interval(IntervalField first = IntervalField::day,
                           IntervalField last = IntervalField::second);
/// INTERVAL YEAR TO MONTH and the like.
DataType year_month_interval(IntervalField first = IntervalField::year,
                             IntervalField last = IntervalField::month);

inline bool is_integral(TypeKind kind) { return kind >= TypeKind::int8 && kind <= TypeKind::int64; }
inline bool is_floating(TypeKind kind) {
  return kind == TypeKind::float32 || kind == TypeKind::float64;
}
inline bool is_numeric(TypeKind kind) {
  return is_integral(kind) || is_floating(kind) || kind == TypeKind::decimal;
}
/// Of one unit, as ANSI has them.
inline bool is_interval(TypeKind kind) {
  return kind == TypeKind::day_time_interval || kind == TypeKind::year_month_interval;
}
/// Kept as 16-byte string views.
inline bool is_text(TypeKind kind) {
  return kind == TypeKind::string || kind == TypeKind::binary || kind == TypeKind::variant;
}
/// Kept as offsets into children.
inline bool is_list(TypeKind kind) { return kind == TypeKind::array || kind == TypeKind::map; }

/// True when both are equal but for names' case and nullability of nested fields.
bool is_same_type(const DataType& a, const DataType& b);

/// Bytes of one value of a fixed-width type (boolean: 1 byte); 16 for views of text; 8 for the
/// offsets of arrays and maps; 0 for null and structure.
std::size_t value_width(TypeKind kind);

}  // namespace stream
