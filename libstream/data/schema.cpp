#include <libstream/base/check.hpp>
#include <libstream/data/schema.hpp>

#include <strings.h>

#include <string_view>

namespace stream {

namespace {

std::string_view name_of(IntervalField field) {
  constexpr std::string_view kNames[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};
  return kNames[static_cast<std::size_t>(field)];
}

std::string interval_name(const DataType& type) {
  const auto first = static_cast<IntervalField>(type.precision);
  const auto last = static_cast<IntervalField>(type.scale);
  std::string text = "INTERVAL " + std::string(name_of(first));
  if (last != first) text += " TO " + std::string(name_of(last));
  return text;
}

/// Names of other characters than letters, digits and "_", and numbers, stand in backticks.
std::string quoted_if_needed(const std::string& name) {
  bool is_plain = false;
  for (const char c : name) {
    const bool is_digit = c >= '0' && c <= '9';
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!is_digit && !is_letter) {
      is_plain = false;
      break;
    }
    is_plain = is_plain || is_letter;
  }
  if (is_plain) return name;
  std::string quoted = "`";
  for (const char c : name) quoted += c == '`' ? "``" : std::string(1, c);
  return quoted + "`";
}

}  // namespace

bool DataType::operator==(const DataType&) const = default;

std::string DataType::to_string() const {
  switch (kind) {
    case TypeKind::null:
      return "VOID";
    case TypeKind::boolean:
      return "BOOLEAN";
    case TypeKind::int8:
      return "TINYINT";
    case TypeKind::int16:
      return "SMALLINT";
    case TypeKind::int32:
      return "INT";
    case TypeKind::int64:
      return "BIGINT";
    case TypeKind::float32:
      return "FLOAT";
    case TypeKind::float64:
      return "DOUBLE";
    case TypeKind::string:
      if (max_characters > 0)
        return (is_padded ? "CHAR(" : "VARCHAR(") + std::to_string(max_characters) + ")";
      return "STRING";
    case TypeKind::binary:
      return "BINARY";
    case TypeKind::array:
      return "ARRAY<" + children[0].type.to_string() + ">";
    case TypeKind::structure: {
      std::string text = "STRUCT<";
      for (std::size_t i = 0; i < children.size(); ++i) {
        if (i > 0) text += ", ";
        text += quoted_if_needed(children[i].name) + ": " + children[i].type.to_string();
      }
      return text + ">";
    }
    case TypeKind::map:
      return "MAP<" + children[0].type.to_string() + ", " + children[1].type.to_string() + ">";
    case TypeKind::decimal:
      return "DECIMAL(" + std::to_string(precision) + "," + std::to_string(scale) + ")";
    case TypeKind::date:
      return "DATE";
    case TypeKind::timestamp:
      return "TIMESTAMP";
    case TypeKind::timestamp_ntz:
      return "TIMESTAMP_NTZ";
    case TypeKind::day_time_interval:
    case TypeKind::year_month_interval:
      return interval_name(*this);
    case TypeKind::calendar_interval:
      return "INTERVAL";
    case TypeKind::variant:
      return "VARIANT";
  }
  STREAM_UNREACHABLE("type kind");
}

std::string Schema::to_string() const {
  std::string text;
  for (const Field& field : fields) {
    if (!text.empty()) text += ", ";
    text += field.name + " " + field.type.to_string() + (field.is_nullable ? "" : " NOT NULL");
  }
  return text;
}

DataType primitive(TypeKind kind) {
  DataType type;
  type.kind = kind;
  return type;
}

DataType array_of(DataType element, bool is_nullable) {
  DataType type = primitive(TypeKind::array);
  type.children.push_back({"element", std::move(element), is_nullable});
  return type;
}

DataType struct_of(std::vector<Field> fields) {
  DataType type = primitive(TypeKind::structure);
  type.children = std::move(fields);
  return type;
}

DataType map_of(DataType key, DataType value, bool is_value_nullable) {
  DataType type = primitive(TypeKind::map);
  type.children.push_back({"key", std::move(key), false});
  type.children.push_back({"value", std::move(value), is_value_nullable});
  return type;
}

DataType decimal_of(int precision, int scale) {
  STREAM_CHECK(
      precision >= 1 && precision <= kMaxDecimalPrecision && scale >= 0 && scale <= precision,
      std::to_string(precision) + "," + std::to_string(scale));
  DataType type = primitive(TypeKind::decimal);
  type.precision = static_cast<std::uint8_t>(precision);
  type.scale = static_cast<std::uint8_t>(scale);
  return type;
}

DataType day_time_interval(IntervalField first, IntervalField last) {
  DataType type = primitive(TypeKind::day_time_interval);
  type.precision = static_cast<std::uint8_t>(first);
  type.scale = static_cast<std::uint8_t>(last);
  return type;
}

DataType year_month_interval(IntervalField first, IntervalField last) {
  DataType type = primitive(TypeKind::year_month_interval);
  type.precision = static_cast<std::uint8_t>(first);
  type.scale = static_cast<std::uint8_t>(last);
  return type;
}

bool is_same_type(const DataType& a, const DataType& b) {
  if (a.kind != b.kind || a.precision != b.precision || a.scale != b.scale ||
      a.children.size() != b.children.size())
    return false;
  for (std::size_t i = 0; i < a.children.size(); ++i) {
    const Field& x = a.children[i];
    const Field& y = b.children[i];
    if (a.kind == TypeKind::structure && strcasecmp(x.name.c_str(), y.name.c_str()) != 0)
      return false;
    if (!is_same_type(x.type, y.type)) return false;
  }
  return true;
}

std::size_t value_width(TypeKind kind) {
  switch (kind) {
    case TypeKind::null:
    case TypeKind::structure:
      return 0;
    case TypeKind::boolean:
    case TypeKind::int8:
      return 1;
    case TypeKind::int16:
      return 2;
    case TypeKind::int32:
    case TypeKind::float32:
    case TypeKind::date:
    case TypeKind::year_month_interval:
      return 4;
    case TypeKind::int64:
    case TypeKind::float64:
    case TypeKind::array:
    case TypeKind::map:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
    case TypeKind::day_time_interval:
      return 8;
    case TypeKind::string:
    case TypeKind::binary:
    case TypeKind::variant:
    case TypeKind::decimal:
    case TypeKind::calendar_interval:
      return 16;
  }
  STREAM_UNREACHABLE("type kind");
}

}  // namespace stream
