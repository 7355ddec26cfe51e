#include <libstream/data/date_time.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/data/value_text.hpp>
#include <libstream/expressions/expression_text.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

/// Java's BigDecimal.toString.
std::string decimal_text(Int128 value, int scale) {
  std::string digits;
  append_decimal(value < 0 ? -value : value, 0, digits);
  const int exponent = static_cast<int>(digits.size()) - 1 - scale;
  std::string text;
  if (exponent >= -6) {
    append_decimal(value, scale, text);
    return text;
  }
  if (value < 0) text += '-';
  text += digits[0];
  if (digits.size() > 1) text += "." + digits.substr(1);
  return text + fmt::format("E{}", exponent);
}

std::string hexadecimal(std::string_view bytes) {
  std::string text = "X'";
  for (const char byte : bytes) text += fmt::format("{:02X}", static_cast<unsigned char>(byte));
  return text + "'";
}

std::string time_text(const Literal& literal) {
  std::string text;
  switch (literal.type.kind) {
    case TypeKind::date:
      append_date(literal.value.as<std::int32_t>(), text);
      return "DATE '" + text + "'";
    case TypeKind::timestamp:
      append_date_time(literal.value.as<std::int64_t>(), text);
      return "TIMESTAMP '" + text + "'";
    case TypeKind::timestamp_ntz:
      append_date_time(literal.value.as<std::int64_t>(), text);
      return "TIMESTAMP_NTZ '" + text + "'";
    case TypeKind::day_time_interval:
      append_day_time_interval(literal.value.as<std::int64_t>(), literal.type, text);
      return text;
    case TypeKind::year_month_interval:
      append_year_month_interval(literal.value.as<std::int32_t>(), literal.type, text);
      return text;
    default:
      append_calendar_interval(literal.value.as<CalendarInterval>(), text);
      return "INTERVAL '" + text + "'";
  }
}

std::string nested_text(const Literal& literal);

std::string value_text(const Value& value, const DataType& type) {
  return literal_text(Literal{value, type});
}

std::string nested_text(const Literal& literal) {
  const auto& list = literal.value.as<ValueList>();
  const auto& fields = literal.type.children;
  std::string text = literal.type.kind == TypeKind::array ? "ARRAY("
                     : literal.type.kind == TypeKind::map ? "MAP("
                                                          : "NAMED_STRUCT(";
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) text += ", ";
    const Field& field = fields[i % fields.size()];
    if (literal.type.kind == TypeKind::structure) text += "'" + field.name + "', ";
    text += value_text(list[i], field.type);
  }
  return text + ")";
}

}  // namespace

std::string literal_text(const Literal& literal) {
  if (literal.value.is_null()) return "NULL";
  std::string text;
  switch (literal.type.kind) {
    case TypeKind::boolean:
      return literal.value.as<bool>() ? "true" : "false";
    case TypeKind::int8:
      return fmt::format("{}", literal.value.as<std::int8_t>());
    case TypeKind::int16:
      return fmt::format("{}", literal.value.as<std::int16_t>());
    case TypeKind::int32:
      return fmt::format("{}", literal.value.as<std::int32_t>());
    case TypeKind::int64:
      return fmt::format("{}", literal.value.as<std::int64_t>());
    case TypeKind::float32:
      append_float(literal.value.as<float>(), text);
      return text;
    case TypeKind::float64:
      append_double(literal.value.as<double>(), text);
      return text;
    case TypeKind::decimal:
      return decimal_text(literal.value.as<Int128>(), literal.type.scale);
    case TypeKind::string:
    case TypeKind::variant:
      return literal.value.as<std::string>();
    case TypeKind::binary:
      return hexadecimal(literal.value.as<std::string>());
    case TypeKind::array:
    case TypeKind::map:
    case TypeKind::structure:
      return nested_text(literal);
    default:
      return time_text(literal);
  }
}

}  // namespace stream
