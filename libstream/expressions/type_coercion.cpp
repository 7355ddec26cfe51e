#include <libstream/expressions/type_coercion.hpp>

#include <strings.h>

#include <algorithm>

namespace stream {
namespace {

using Rule = std::optional<DataType> (*)(const DataType&, const DataType&, bool);

bool is_datetime(TypeKind kind) {
  return kind == TypeKind::date || kind == TypeKind::timestamp || kind == TypeKind::timestamp_ntz;
}
/// Spark's AtomicType.
bool is_atomic(TypeKind kind) {
  return kind != TypeKind::null && kind != TypeKind::array && kind != TypeKind::map &&
         kind != TypeKind::structure && kind != TypeKind::calendar_interval;
}

/// CHAR and VARCHAR meet others as plain strings.
DataType plain(const DataType& type) {
  return type.kind == TypeKind::string ? primitive(TypeKind::string) : type;
}

/// The decimal that holds both, the digits before the point first.
DataType wider_decimal(const DataType& a, const DataType& b) {
  const int scale = std::max(a.scale, b.scale);
  const int precision = std::max(a.precision - a.scale, b.precision - b.scale) + scale;
  if (precision <= kMaxDecimalPrecision) return decimal_of(precision, scale);
  return decimal_of(kMaxDecimalPrecision, std::max(0, scale - (precision - kMaxDecimalPrecision)));
}

/// Does the decimal hold every value of the integral type?
bool holds_integral(const DataType& decimal, const DataType& integral) {
  const DataType other = decimal_for(integral);
  return decimal.precision - decimal.scale >= other.precision;
}

DataType wider_datetime(const DataType& a, const DataType& b) {
  const bool has_instant = a.kind == TypeKind::timestamp || b.kind == TypeKind::timestamp;
  return primitive(has_instant ? TypeKind::timestamp : TypeKind::timestamp_ntz);
}

DataType wider_interval(const DataType& a, const DataType& b) {
  DataType type = a;
  type.precision = std::min(a.precision, b.precision);
  type.scale = std::max(a.scale, b.scale);
  return type;
}

bool is_same_name(const std::string& a, const std::string& b) {
  return strcasecmp(a.c_str(), b.c_str()) == 0;
}

/// Arrays, maps and structs whose parts have a common type by `rule`.
std::optional<DataType> complex_type(const DataType& a, const DataType& b, bool is_ansi,
                                     Rule rule) {
  if (a.kind != b.kind || a.children.size() != b.children.size() || a.children.empty())
    return std::nullopt;
  DataType type = a;
  for (std::size_t i = 0; i < a.children.size(); ++i) {
    const Field& x = a.children[i];
    const Field& y = b.children[i];
    if (a.kind == TypeKind::structure && !is_same_name(x.name, y.name)) return std::nullopt;
    std::optional<DataType> child = rule(x.type, y.type, is_ansi);
    if (!child) return std::nullopt;
    const bool is_map_key = a.kind == TypeKind::map && i == 0;
    type.children[i].type = std::move(*child);
    type.children[i].is_nullable = !is_map_key && (x.is_nullable || y.is_nullable);
  }
  return type;
}

std::optional<DataType> decimal_with_other(const DataType& a, const DataType& b) {
  if (b.kind == TypeKind::decimal && a.kind != TypeKind::decimal) return decimal_with_other(b, a);
  if (a.kind != TypeKind::decimal) return std::nullopt;
  if (b.kind == TypeKind::decimal || is_integral(b.kind)) return wider_decimal(a, decimal_for(b));
  if (is_floating(b.kind)) return primitive(TypeKind::float64);
  return std::nullopt;
}

/// ANSI: a string becomes what it meets, numbers of the widest kind.
std::optional<DataType> string_with_other(const DataType& a, const DataType& b) {
  if (a.kind != TypeKind::string) {
    if (b.kind == TypeKind::string) return string_with_other(b, a);
    return std::nullopt;
  }
  if (is_integral(b.kind)) return primitive(TypeKind::int64);
  if (is_numeric(b.kind)) return primitive(TypeKind::float64);
  if (b.kind == TypeKind::null) return primitive(TypeKind::string);
  if (is_interval(b.kind)) return std::nullopt;
  if (is_atomic(b.kind)) return plain(b);
  return std::nullopt;
}

std::optional<DataType> wider_type_but_texts(const DataType& a, const DataType& b, bool is_ansi) {
  if (auto type = tightest_common_type(a, b, is_ansi)) return type;
  if (auto type = decimal_with_other(a, b)) return type;
  return complex_type(a, b, is_ansi, wider_type_but_texts);
}

/// The same type but for the names of a struct's fields.
bool has_same_shape(const DataType& a, const DataType& b) {
  if (a.kind != TypeKind::structure || b.kind != TypeKind::structure) return false;
  return std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(),
                    [](const Field& x, const Field& y) {
                      return is_same_type(x.type, y.type) || has_same_shape(x.type, y.type);
                    });
}

/// Not ANSI: most atomic types become strings.
std::optional<DataType> promote_to_string(const DataType& a, const DataType& b) {
  const auto is_promotable = [](const DataType& type) {
    return is_atomic(type.kind) && type.kind != TypeKind::binary && type.kind != TypeKind::boolean;
  };
  const bool is_string_first = a.kind == TypeKind::string && is_promotable(b);
  const bool is_string_second = b.kind == TypeKind::string && is_promotable(a);
  if (is_string_first || is_string_second) return primitive(TypeKind::string);
  return std::nullopt;
}

std::optional<DataType> numeric_type(const DataType& a, const DataType& b, bool is_ansi) {
  const TypeKind wider = std::max(a.kind, b.kind);
  if (is_ansi && wider == TypeKind::float32) return primitive(TypeKind::float64);
  return primitive(wider);
}

std::optional<DataType> wider_type(const DataType& a, const DataType& b, bool is_ansi) {
  if (auto type = tightest_common_type(a, b, is_ansi)) return type;
  if (auto type = decimal_with_other(a, b)) return type;
  if (auto type = is_ansi ? string_with_other(a, b) : promote_to_string(a, b)) return type;
  return complex_type(a, b, is_ansi, wider_type);
}

}  // namespace

std::optional<DataType> tightest_common_type(const DataType& a, const DataType& b, bool is_ansi) {
  if (a == b) return plain(a);
  if (a.kind == TypeKind::null) return plain(b);
  if (b.kind == TypeKind::null) return plain(a);
  if (a.kind == TypeKind::string && b.kind == TypeKind::string) return primitive(TypeKind::string);
  if (is_integral(a.kind) && b.kind == TypeKind::decimal && holds_integral(b, a)) return b;
  if (a.kind == TypeKind::decimal && is_integral(b.kind) && holds_integral(a, b)) return a;
  const bool has_decimal = a.kind == TypeKind::decimal || b.kind == TypeKind::decimal;
  if (is_numeric(a.kind) && is_numeric(b.kind) && !has_decimal) return numeric_type(a, b, is_ansi);
  if (is_datetime(a.kind) && is_datetime(b.kind)) return wider_datetime(a, b);
  if (is_interval(a.kind) && a.kind == b.kind) return wider_interval(a, b);
  return complex_type(a, b, is_ansi, tightest_common_type);
}

std::optional<DataType> common_type(const DataType& a, const DataType& b, bool is_ansi) {
  return wider_type(a, b, is_ansi);
}

std::optional<DataType> common_type_but_texts(const DataType& a, const DataType& b, bool is_ansi) {
  return wider_type_but_texts(a, b, is_ansi);
}

std::optional<DataType> common_type(Arguments arguments, std::size_t first, bool is_ansi) {
  std::optional<DataType> type = primitive(TypeKind::null);
  for (std::size_t i = first; i < arguments.size() && type; ++i)
    type = wider_type(*type, arguments[i].type, is_ansi);
  return type;
}

std::optional<DataType> comparison_type(const DataType& a, const DataType& b, bool is_ansi) {
  if (has_same_shape(a, b)) return plain(a);
  if (is_ansi) {
    if (auto type = string_with_other(a, b)) return type;
    if (auto type = decimal_with_other(a, b)) return type;
    return tightest_common_type(a, b, true);
  }
  const bool is_string_first = a.kind == TypeKind::string;
  if (is_string_first != (b.kind == TypeKind::string)) {
    const DataType& other = is_string_first ? b : a;
    if (other.kind == TypeKind::null) return primitive(TypeKind::string);
    if (is_interval(other.kind)) return std::nullopt;
    if (is_atomic(other.kind)) return other;
  }
  if (auto type = tightest_common_type(a, b, false)) return type;
  if (auto type = decimal_with_other(a, b)) return type;
  return complex_type(a, b, false, wider_type);
}

bool is_store_assignable(const DataType& from, const DataType& to) {
  if (from == to || from.kind == TypeKind::null) return true;
  if (is_numeric(from.kind) && is_numeric(to.kind)) return true;
  if (to.kind == TypeKind::string)
    return is_atomic(from.kind) || from.kind == TypeKind::calendar_interval;
  if (is_datetime(from.kind) && is_datetime(to.kind)) return true;
  if (from.kind != to.kind) return false;
  if (is_interval(from.kind)) return true;
  if (from.children.size() != to.children.size()) return false;
  for (std::size_t i = 0; i < from.children.size(); ++i) {
    const Field& x = from.children[i];
    const Field& y = to.children[i];
    if (from.kind == TypeKind::structure && !is_same_name(x.name, y.name)) return false;
    if (x.is_nullable && !y.is_nullable) return false;
    if (!is_store_assignable(x.type, y.type)) return false;
  }
  return true;
}

bool is_implicitly_castable(const DataType& from, const DataType& to, bool is_ansi) {
  if (is_same_type(from, to) || from.kind == TypeKind::null) return true;
  if (from.kind == TypeKind::string && is_atomic(to.kind) && to.kind != TypeKind::variant)
    return is_ansi || to.kind != TypeKind::boolean;
  if (from.kind == TypeKind::array && to.kind == TypeKind::array)
    return is_implicitly_castable(from.children[0].type, to.children[0].type, is_ansi);
  return is_store_assignable(from, to);
}

DataType decimal_for(const DataType& type) {
  switch (type.kind) {
    case TypeKind::int8:
      return decimal_of(3, 0);
    case TypeKind::int16:
      return decimal_of(5, 0);
    case TypeKind::int32:
      return decimal_of(10, 0);
    case TypeKind::int64:
      return decimal_of(20, 0);
    case TypeKind::float32:
      return decimal_of(14, 7);
    case TypeKind::float64:
      return decimal_of(30, 15);
    case TypeKind::decimal:
      return type;
    default:
      return decimal_of(kMaxDecimalPrecision, 18);
  }
}

DataType decimal_for(const Argument& argument) {
  const TypeKind kind = argument.type.kind;
  const bool counts_digits = is_integral(kind) && kind != TypeKind::int8;
  if (!counts_digits || !argument.constant || argument.constant->is_null())
    return decimal_for(argument.type);
  std::string_view digits = argument.text;
  if (digits.starts_with('-')) digits.remove_prefix(1);
  const bool is_literal = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
  if (!is_literal) return decimal_for(argument.type);
  return decimal_of(static_cast<int>(std::min<std::size_t>(digits.size(), 20)), 0);
}

DataType adjusted_decimal(int precision, int scale) {
  if (precision <= kMaxDecimalPrecision) return decimal_of(precision, scale);
  const int integral_digits = precision - scale;
  const int min_scale = std::min(scale, 6);
  return decimal_of(kMaxDecimalPrecision,
                    std::max(kMaxDecimalPrecision - integral_digits, min_scale));
}

}  // namespace stream
