#include <libstream/base/ascii.hpp>
#include <libstream/connectors/files/partition_columns.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/expressions/datetime_text.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/formats/number_text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

bool is_date_shaped(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  return parse_date(text).has_value();
}

DataType type_of(const std::string& text, bool infers_types) {
  if (text == kNullPartition) return primitive(TypeKind::null);
  if (!infers_types) return primitive(TypeKind::string);
  std::int32_t small = 0;
  if (parse_java_integer(text.data(), text.size(), small)) return primitive(TypeKind::int32);
  std::int64_t large = 0;
  if (parse_java_integer(text.data(), text.size(), large)) return primitive(TypeKind::int64);
  if (const auto decimal = parse_decimal_exactly(text); decimal && decimal->scale == 0)
    return decimal_of(decimal->num_digits, 0);
  if (parse_java_double(text)) return primitive(TypeKind::float64);
  if (is_date_shaped(text)) return primitive(TypeKind::date);
  if (text.size() >= 19 && is_date_shaped(std::string_view(text).substr(0, 10)) &&
      text[10] == ' ' && parse_timestamp(text, utc_zone()))
    return primitive(TypeKind::timestamp);
  return primitive(TypeKind::string);
}

DataType join(const DataType& a, const DataType& b) {
  if (a == b || b.kind == TypeKind::null) return a;
  if (a.kind == TypeKind::null) return b;
  constexpr TypeKind kOrder[] = {TypeKind::int32, TypeKind::int64, TypeKind::decimal,
                                 TypeKind::float64};
  const auto* x = std::find(std::begin(kOrder), std::end(kOrder), a.kind);
  const auto* y = std::find(std::begin(kOrder), std::end(kOrder), b.kind);
  if (x == std::end(kOrder) || y == std::end(kOrder)) {
    const bool are_times = (a.kind == TypeKind::date || a.kind == TypeKind::timestamp) &&
                           (b.kind == TypeKind::date || b.kind == TypeKind::timestamp);
    return primitive(are_times ? TypeKind::timestamp : TypeKind::string);
  }
  if (a.kind == TypeKind::decimal && b.kind == TypeKind::decimal)
    return decimal_of(std::max(a.precision, b.precision), 0);
  return x > y ? a : b;
}

bool is_same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

}  // namespace

std::string escape_path_name(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_special =
        static_cast<unsigned char>(c) < 0x20 ||
        std::string_view("\"#%'*/:=?\\\x7F{[]^").find(c) != std::string_view::npos;
    if (is_special) {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

std::string unescape_path_name(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
        digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> partition_components(std::string_view path,
                                                                      std::string_view base) {
  std::vector<std::pair<std::string, std::string>> found;
  if (!path.starts_with(base)) return found;
  std::string_view rest = path.substr(base.size());
  while (rest.starts_with('/')) rest.remove_prefix(1);
  for (std::size_t slash = rest.find('/'); slash != std::string_view::npos;
       slash = rest.find('/')) {
    const std::string_view component = rest.substr(0, slash);
    const std::size_t equals = component.find('=');
    if (equals != std::string_view::npos && equals > 0)
      found.emplace_back(unescape_path_name(component.substr(0, equals)),
                         unescape_path_name(component.substr(equals + 1)));
    rest.remove_prefix(slash + 1);
  }
  return found;
}

Result<std::vector<Field>> find_partition_columns(
    const std::vector<std::pair<std::string, std::string>>& paths_and_bases,
    const std::vector<Field>& given, bool infers_types) {
  std::vector<Field> columns;
  bool is_first = true;
  for (const auto& [path, base] : paths_and_bases) {
    const auto components = partition_components(path, base);
    if (is_first) {
      for (const auto& [name, text] : components)
        columns.push_back({name, primitive(TypeKind::null), true});
      is_first = false;
    }
    bool agrees = components.size() == columns.size();
    for (std::size_t i = 0; agrees && i < columns.size(); ++i)
      agrees = components[i].first == columns[i].name;
    if (!agrees)
      return analysis_error(
          "CONFLICTING_PARTITION_COLUMN_NAMES",
          fmt::format("'{}' does not have the partition columns that the files before it have; "
                      "give the directory of the table as basePath, or read the directories apart",
                      path));
    for (std::size_t i = 0; i < columns.size(); ++i)
      columns[i].type = join(columns[i].type, type_of(components[i].second, infers_types));
  }
  for (Field& column : columns) {
    for (const Field& field : given) {
      if (is_same_name(field.name, column.name)) column.type = field.type;
    }
    if (column.type.kind == TypeKind::null) column.type = primitive(TypeKind::string);
  }
  return columns;
}

Result<Value> partition_value(const std::string& text, const DataType& type,
                              const std::string& time_zone) {
  if (text == kNullPartition) return Value{};
  const auto refuse = [&] {
    return runtime_error("CAST_INVALID_INPUT", fmt::format("the partition value '{}' is not a {}",
                                                           text, type.to_string()));
  };
  const auto integer = [&]<class T>(T number) -> Result<Value> {
    if (!parse_java_integer(text.data(), text.size(), number)) return refuse();
    return Value{number};
  };
  switch (type.kind) {
    case TypeKind::string:
    case TypeKind::binary:
      return Value{text};
    case TypeKind::boolean:
      if (is_same_name(text, "true")) return Value{true};
      if (is_same_name(text, "false")) return Value{false};
      return refuse();
    case TypeKind::int8:
      return integer(std::int8_t{});
    case TypeKind::int16:
      return integer(std::int16_t{});
    case TypeKind::int32:
      return integer(std::int32_t{});
    case TypeKind::int64:
      return integer(std::int64_t{});
    case TypeKind::float32:
      if (const auto number = parse_java_float(text)) return Value{*number};
      return refuse();
    case TypeKind::float64:
      if (const auto number = parse_java_double(text)) return Value{*number};
      return refuse();
    case TypeKind::decimal: {
      const auto number = parse_decimal(text, type.scale);
      if (!number || !fits_precision(*number, type.precision)) return refuse();
      return Value{*number};
    }
    case TypeKind::date:
      if (const auto days = parse_date(text)) return Value{*days};
      return refuse();
    case TypeKind::timestamp: {
      STREAM_TRY(const TimeZone* zone, find_time_zone(time_zone));
      if (const auto micros = parse_timestamp(text, *zone)) return Value{*micros};
      return refuse();
    }
    case TypeKind::timestamp_ntz:
      if (const auto micros = parse_timestamp_ntz(text)) return Value{*micros};
      return refuse();
    default:
      return analysis_error("INVALID_PARTITION_COLUMN_DATA_TYPE",
                            fmt::format("a partition column cannot be a {}", type.to_string()));
  }
}

}  // namespace stream
