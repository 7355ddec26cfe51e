#include <libstream/connectors/postgresql/column_type.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace stream::postgresql {
namespace {

struct ArrayPair {
  std::uint32_t element;
  std::uint32_t array;
};
constexpr std::array kArrays = {
    ArrayPair{oid::kBool, 1000},      ArrayPair{oid::kBytea, 1001},
    ArrayPair{oid::kName, 1003},      ArrayPair{oid::kInt8, 1016},
    ArrayPair{oid::kInt2, 1005},      ArrayPair{oid::kInt4, 1007},
    ArrayPair{oid::kText, 1009},      ArrayPair{oid::kOid, 1028},
    ArrayPair{oid::kJson, 199},       ArrayPair{oid::kFloat4, 1021},
    ArrayPair{oid::kFloat8, 1022},    ArrayPair{oid::kBpchar, 1014},
    ArrayPair{oid::kVarchar, 1015},   ArrayPair{oid::kDate, 1182},
    ArrayPair{oid::kTimestamp, 1115}, ArrayPair{oid::kTimestamptz, 1185},
    ArrayPair{oid::kInterval, 1187},  ArrayPair{oid::kNumeric, 1231},
    ArrayPair{oid::kUuid, 2951},      ArrayPair{oid::kJsonb, 3807},
};

/// Length and place of the header that type modifiers of texts and numerics count in.
constexpr std::int32_t kModifierHeader = 4;
/// Fields of an interval's modifier (bits of its upper half).
constexpr std::int32_t kYearMonth = 0x6;
constexpr std::int32_t kDayTime = 0x1C08;
/// Spark's decimal for a numeric without precision.
constexpr int kFreePrecision = 38, kFreeScale = 18;

std::optional<DataType> numeric_type(std::int32_t modifier) {
  if (modifier < kModifierHeader) return decimal_of(kFreePrecision, kFreeScale);
  const std::int32_t packed = modifier - kModifierHeader;
  const int precision = packed >> 16;
  // The scale is signed, 11 bits.
  const int scale = ((packed & 0x7ff) ^ 0x400) - 0x400;
  if (scale < 0 || scale > precision || precision > kMaxDecimalPrecision) return std::nullopt;
  return decimal_of(precision, scale);
}

DataType interval_type(std::int32_t modifier) {
  const std::int32_t fields = modifier < 0 ? -1 : (modifier >> 16) & 0x7fff;
  if (fields == kYearMonth) return year_month_interval();
  if (fields == kDayTime) return day_time_interval();
  return primitive(TypeKind::calendar_interval);
}

std::optional<DataType> scalar_read_as(const ColumnType& type) {
  switch (type.oid) {
    case oid::kBool:
      return primitive(TypeKind::boolean);
    case oid::kInt2:
      return primitive(TypeKind::int16);
    case oid::kInt4:
      return primitive(TypeKind::int32);
    case oid::kInt8:
    case oid::kOid:
      return primitive(TypeKind::int64);
    case oid::kFloat4:
      return primitive(TypeKind::float32);
    case oid::kFloat8:
      return primitive(TypeKind::float64);
    case oid::kNumeric:
      return numeric_type(type.modifier);
    case oid::kText:
    case oid::kVarchar:
    case oid::kBpchar:
    case oid::kName:
    case oid::kChar:
    case oid::kUuid:
    case oid::kJson:
    case oid::kJsonb:
      return primitive(TypeKind::string);
    case oid::kBytea:
      return primitive(TypeKind::binary);
    case oid::kDate:
      return primitive(TypeKind::date);
    case oid::kTimestamp:
      return primitive(TypeKind::timestamp_ntz);
    case oid::kTimestamptz:
      return primitive(TypeKind::timestamp);
    case oid::kInterval:
      return interval_type(type.modifier);
    default:
      return type.is_enum ? std::optional(primitive(TypeKind::string)) : std::nullopt;
  }
}

bool is_nested(const DataType& type) {
  return type.kind == TypeKind::array || type.kind == TypeKind::map ||
         type.kind == TypeKind::structure || type.kind == TypeKind::variant;
}

bool decimal_fits(const DataType& type, std::int32_t modifier) {
  const auto target = numeric_type(modifier);
  if (modifier < kModifierHeader) return true;
  const int digits = type.precision - type.scale;
  return target && target->scale >= type.scale && target->precision - target->scale >= digits;
}

bool integer_fits_numeric(TypeKind kind, std::int32_t modifier) {
  const int digits = kind == TypeKind::int8    ? 3
                     : kind == TypeKind::int16 ? 5
                     : kind == TypeKind::int32 ? 10
                                               : 19;
  return decimal_fits(decimal_of(digits, 0), modifier);
}

bool can_write_text(const DataType& type, const ColumnType& target) {
  const auto limit = static_cast<std::int32_t>(type.max_characters);
  switch (target.oid) {
    case oid::kVarchar:
    case oid::kBpchar:
      // A longer text is refused by the server, row by row, unless the type rules it out.
      return target.modifier < 0 || limit == 0 || limit <= target.modifier - kModifierHeader;
    case oid::kText:
    case oid::kName:
    case oid::kJson:
    case oid::kJsonb:
    case oid::kUuid:
      return true;
    default:
      return target.is_enum;
  }
}

}  // namespace

std::uint32_t array_of_oid(std::uint32_t element) {
  const auto found = std::find_if(kArrays.begin(), kArrays.end(),
                                  [&](const ArrayPair& p) { return p.element == element; });
  return found == kArrays.end() ? 0 : found->array;
}

std::uint32_t element_of_oid(std::uint32_t array) {
  const auto found = std::find_if(kArrays.begin(), kArrays.end(),
                                  [&](const ArrayPair& p) { return p.array == array; });
  return found == kArrays.end() ? 0 : found->element;
}

std::optional<DataType> type_read_as(const ColumnType& type) {
  if (const std::uint32_t element = element_of_oid(type.oid)) {
    // The modifier of an array is that of its elements.
    const auto inner = scalar_read_as({element, type.modifier, "", 0, false});
    return inner ? std::optional(array_of(*inner, true)) : std::nullopt;
  }
  return scalar_read_as(type);
}

Result<std::string> type_in_ddl(const DataType& type) {
  switch (type.kind) {
    case TypeKind::boolean:
      return std::string("boolean");
    case TypeKind::int8:
    case TypeKind::int16:
      return std::string("smallint");
    case TypeKind::int32:
      return std::string("integer");
    case TypeKind::int64:
      return std::string("bigint");
    case TypeKind::float32:
      return std::string("real");
    case TypeKind::float64:
      return std::string("double precision");
    case TypeKind::string:
      if (type.max_characters == 0) return std::string("text");
      return fmt::format("{}({})", type.is_padded ? "character" : "character varying",
                         type.max_characters);
    case TypeKind::binary:
      return std::string("bytea");
    case TypeKind::decimal:
      return fmt::format("numeric({}, {})", type.precision, type.scale);
    case TypeKind::date:
      return std::string("date");
    case TypeKind::timestamp:
      return std::string("timestamp with time zone");
    case TypeKind::timestamp_ntz:
      return std::string("timestamp without time zone");
    case TypeKind::day_time_interval:
      return std::string("interval day to second");
    case TypeKind::year_month_interval:
      return std::string("interval year to month");
    case TypeKind::calendar_interval:
      return std::string("interval");
    case TypeKind::array: {
      const DataType& element = type.children[0].type;
      if (is_nested(element)) return std::string("jsonb");
      STREAM_TRY(const std::string inner, type_in_ddl(element));
      return inner + "[]";
    }
    case TypeKind::structure:
    case TypeKind::map:
    case TypeKind::variant:
      return std::string("jsonb");
    case TypeKind::null:
      break;
  }
  return bad_plan(
      "a column without a type (NULL) has none in PostgreSQL: cast it, as in "
      "CAST(NULL AS STRING)");
}

bool can_write(const DataType& type, const ColumnType& target) {
  const std::uint32_t to = target.oid;
  switch (type.kind) {
    case TypeKind::boolean:
      return to == oid::kBool;
    case TypeKind::int8:
    case TypeKind::int16:
      return to == oid::kInt2 || to == oid::kInt4 || to == oid::kInt8 ||
             (to == oid::kNumeric && integer_fits_numeric(type.kind, target.modifier));
    case TypeKind::int32:
      return to == oid::kInt4 || to == oid::kInt8 ||
             (to == oid::kNumeric && integer_fits_numeric(type.kind, target.modifier));
    case TypeKind::int64:
      return to == oid::kInt8 ||
             (to == oid::kNumeric && integer_fits_numeric(type.kind, target.modifier));
    case TypeKind::float32:
      return to == oid::kFloat4 || to == oid::kFloat8;
    case TypeKind::float64:
      return to == oid::kFloat8;
    case TypeKind::string:
      return can_write_text(type, target);
    case TypeKind::variant:
      return to == oid::kJsonb || to == oid::kJson;
    case TypeKind::binary:
      return to == oid::kBytea;
    case TypeKind::decimal:
      return to == oid::kNumeric && decimal_fits(type, target.modifier);
    case TypeKind::date:
      return to == oid::kDate;
    case TypeKind::timestamp:
      return to == oid::kTimestamptz;
    case TypeKind::timestamp_ntz:
      return to == oid::kTimestamp;
    case TypeKind::day_time_interval:
    case TypeKind::year_month_interval:
    case TypeKind::calendar_interval:
      return to == oid::kInterval;
    case TypeKind::array:
      if (to == oid::kJsonb || to == oid::kJson) return true;
      if (is_nested(type.children[0].type) || element_of_oid(to) == 0) return false;
      return can_write(type.children[0].type, {element_of_oid(to), target.modifier, "", 0, false});
    case TypeKind::structure:
    case TypeKind::map:
      return to == oid::kJsonb || to == oid::kJson;
    case TypeKind::null:
      return true;
  }
  return false;
}

}  // namespace stream::postgresql
