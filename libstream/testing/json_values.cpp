#include <libstream/data/date_time.hpp>
#include <libstream/data/decimal.hpp>
#include <libstream/data/value_text.hpp>
#include <libstream/expressions/datetime_text.hpp>
#include <libstream/expressions/interval_text.hpp>
#include <libstream/expressions/time_zone.hpp>
#include <libstream/testing/json_values.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace stream::testing {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t size = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < size ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= size ? kBase64[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t group = 0;
  int num_bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const std::size_t digit = kBase64.find(c);
    if (digit == std::string_view::npos) return bad_data("not base64: " + std::string(text));
    group = group << 6 | static_cast<std::uint32_t>(digit);
    num_bits += 6;
    if (num_bits >= 8) {
      num_bits -= 8;
      bytes += static_cast<char>(group >> num_bits & 0xff);
    }
  }
  return bytes;
}

Error wrong_value(const Json& json, const DataType& type) {
  return bad_data(fmt::format("{} is no {}", json.dump(), type.to_string()));
}

double float_of(const Json& json) {
  if (!json.is_string()) return json.get<double>();
  const auto& text = json.get_ref<const std::string&>();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::strtod(text.c_str(), nullptr);
}

template <class T>
Result<Value> integer_from(const Json& json, const DataType& type) {
  if (!json.is_number_integer()) return wrong_value(json, type);
  return Value{static_cast<T>(json.get<std::int64_t>())};
}

template <class T, class Text>
Result<Value> optional_from(const std::optional<T>& value, const Text& json, const DataType& type) {
  if (!value) return wrong_value(json, type);
  return Value{*value};
}

std::string time_text(std::int64_t micros) {
  std::string text;
  append_date_time(micros, text);
  // Six digits of fraction, or none.
  const std::size_t point = text.find('.');
  if (point != std::string::npos) text.append(6 - (text.size() - point - 1), '0');
  return text;
}

template <class Append>
Json text_of(Append append) {
  std::string text;
  append(text);
  return text;
}

/// "2024-01-01 00:00:00.…"
bool is_time(std::string_view text) {
  return text.size() > 20 && text[4] == '-' && text[13] == ':' && text[19] == '.';
}

std::string without_zeros(std::string text) {
  if (!is_time(text)) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

Json json_float(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

}  // namespace

Result<nlohmann::json> parse_json(const std::string& text) {
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return bad_data("not JSON: " + text);
  return json;
}

Result<Value> value_from_json(const Json& json, const DataType& type) {
  if (json.is_null()) return Value{};
  const bool is_text = json.is_string();
  switch (type.kind) {
    case TypeKind::null:
      return Value{};
    case TypeKind::boolean:
      if (!json.is_boolean()) return wrong_value(json, type);
      return Value{json.get<bool>()};
    case TypeKind::int8:
      return integer_from<std::int8_t>(json, type);
    case TypeKind::int16:
      return integer_from<std::int16_t>(json, type);
    case TypeKind::int32:
      return integer_from<std::int32_t>(json, type);
    case TypeKind::int64:
      return integer_from<std::int64_t>(json, type);
    case TypeKind::float32:
      if (!json.is_number() && !is_text) return wrong_value(json, type);
      return Value{static_cast<float>(float_of(json))};
    case TypeKind::float64:
      if (!json.is_number() && !is_text) return wrong_value(json, type);
      return Value{float_of(json)};
    case TypeKind::decimal: {
      const std::string text = is_text ? json.get<std::string>() : json.dump();
      return optional_from(parse_decimal(text, type.scale), json, type);
    }
    case TypeKind::string:
    case TypeKind::variant:
      if (!is_text) return wrong_value(json, type);
      return Value{json.get<std::string>()};
    case TypeKind::binary: {
      if (!is_text) return wrong_value(json, type);
      STREAM_TRY(std::string bytes, from_base64(json.get<std::string>()));
      return Value{std::move(bytes)};
    }
    case TypeKind::date:
      if (!is_text) return wrong_value(json, type);
      return optional_from(parse_date(json.get<std::string>()), json, type);
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
      if (!is_text) return wrong_value(json, type);
      return optional_from(parse_timestamp_ntz(json.get<std::string>()), json, type);
    case TypeKind::day_time_interval: {
      if (!is_text) return wrong_value(json, type);
      STREAM_TRY(const std::int64_t micros, parse_day_time_interval(json.get<std::string>(), type));
      return Value{micros};
    }
    case TypeKind::year_month_interval: {
      if (!is_text) return wrong_value(json, type);
      STREAM_TRY(const std::int32_t months,
                 parse_year_month_interval(json.get<std::string>(), type));
      return Value{months};
    }
    case TypeKind::calendar_interval: {
      if (!is_text) return wrong_value(json, type);
      STREAM_TRY(const CalendarInterval interval, parse_calendar_interval(json.get<std::string>()));
      return Value{interval};
    }
    case TypeKind::array: {
      if (!json.is_array()) return wrong_value(json, type);
      ValueList list;
      for (const Json& element : json) {
        STREAM_TRY(Value value, value_from_json(element, type.children[0].type));
        list.push_back(std::move(value));
      }
      return Value{std::move(list)};
    }
    case TypeKind::map: {
      ValueList list;
      const auto add = [&](const Json& key, const Json& entry) -> Result<void> {
        STREAM_TRY(Value key_value, value_from_json(key, type.children[0].type));
        STREAM_TRY(Value value, value_from_json(entry, type.children[1].type));
        list.push_back(std::move(key_value));
        list.push_back(std::move(value));
        return {};
      };
      if (json.is_object()) {
        for (const auto& [key, entry] : json.items()) {
          // Keys of objects are texts; numbers are read as such.
          const bool is_text_key = type.children[0].type.kind == TypeKind::string;
          const Json key_json = is_text_key ? Json(key) : Json::parse(key, nullptr, false);
          STREAM_TRY(add(key_json.is_discarded() ? Json(key) : key_json, entry));
        }
      } else if (json.is_array()) {
        for (const Json& pair : json) {
          if (!pair.is_array() || pair.size() != 2) return wrong_value(json, type);
          STREAM_TRY(add(pair[0], pair[1]));
        }
      } else {
        return wrong_value(json, type);
      }
      return Value{std::move(list)};
    }
    case TypeKind::structure: {
      if (!json.is_object()) return wrong_value(json, type);
      ValueList list;
      for (const Field& field : type.children) {
        const auto found = json.find(field.name);
        STREAM_TRY(Value value, value_from_json(found == json.end() ? Json() : *found, field.type));
        list.push_back(std::move(value));
      }
      return Value{std::move(list)};
    }
  }
  return wrong_value(json, type);
}

Result<std::vector<Value>> row_from_json(const Json& json, const Schema& schema) {
  std::vector<Value> row;
  if (json.is_array()) {
    if (json.size() != schema.num_fields())
      return bad_data(fmt::format("a row of {} values; the schema has {} columns", json.size(),
                                  schema.num_fields()));
    for (std::size_t i = 0; i < json.size(); ++i) {
      STREAM_TRY(Value value, value_from_json(json[i], schema.fields[i].type));
      row.push_back(std::move(value));
    }
    return row;
  }
  DataType type = struct_of(schema.fields);
  STREAM_TRY(Value value, value_from_json(json, type));
  return value.is_null() ? Result<std::vector<Value>>(bad_data("a row that is null"))
                         : Result<std::vector<Value>>(value.as<ValueList>());
}

Json json_from_value(const Value& value, const DataType& type) {
  if (value.is_null()) return nullptr;
  switch (type.kind) {
    case TypeKind::null:
      return nullptr;
    case TypeKind::boolean:
      return value.as<bool>();
    case TypeKind::int8:
      return value.as<std::int8_t>();
    case TypeKind::int16:
      return value.as<std::int16_t>();
    case TypeKind::int32:
      return value.as<std::int32_t>();
    case TypeKind::int64:
      return value.as<std::int64_t>();
    case TypeKind::float32: {
      const float number = value.as<float>();
      if (!std::isfinite(number)) return json_float(static_cast<double>(number));
      // The float's own shortest digits.
      std::string text;
      append_float(number, text);
      return std::strtod(text.c_str(), nullptr);
    }
    case TypeKind::float64:
      return json_float(value.as<double>());
    case TypeKind::decimal:
      return text_of([&](std::string& t) { append_decimal(value.as<Int128>(), type.scale, t); });
    case TypeKind::string:
    case TypeKind::variant:
      return value.as<std::string>();
    case TypeKind::binary:
      return to_base64(value.as<std::string>());
    case TypeKind::date:
      return text_of([&](std::string& t) { append_date(value.as<std::int32_t>(), t); });
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
      return time_text(value.as<std::int64_t>());
    case TypeKind::day_time_interval:
      return text_of(
          [&](std::string& t) { append_day_time_interval(value.as<std::int64_t>(), type, t); });
    case TypeKind::year_month_interval:
      return text_of(
          [&](std::string& t) { append_year_month_interval(value.as<std::int32_t>(), type, t); });
    case TypeKind::calendar_interval:
      return text_of(
          [&](std::string& t) { append_calendar_interval(value.as<CalendarInterval>(), t); });
    case TypeKind::array: {
      Json list = Json::array();
      for (const Value& element : value.as<ValueList>())
        list.push_back(json_from_value(element, type.children[0].type));
      return list;
    }
    case TypeKind::map: {
      const auto& entries = value.as<ValueList>();
      std::vector<Json> pairs;
      for (std::size_t i = 0; i + 1 < entries.size(); i += 2)
        pairs.push_back(Json::array({json_from_value(entries[i], type.children[0].type),
                                     json_from_value(entries[i + 1], type.children[1].type)}));
      std::sort(pairs.begin(), pairs.end());
      return Json(pairs);
    }
    case TypeKind::structure: {
      Json object = Json::object();
      const auto& fields = value.as<ValueList>();
      for (std::size_t i = 0; i < fields.size(); ++i)
        object[type.children[i].name] = json_from_value(fields[i], type.children[i].type);
      return object;
    }
  }
  return nullptr;
}

std::vector<Json> json_rows(const std::vector<Batch>& batches) {
  std::vector<Json> rows;
  for (const Batch& batch : batches) {
    for (const std::vector<Value>& values : rows_of(batch)) {
      Json row = Json::array();
      for (std::size_t i = 0; i < values.size(); ++i)
        row.push_back(json_from_value(values[i], batch.column(i).type));
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

bool is_same_json(const Json& a, const Json& b) {
  if (a.is_string() && b.is_string() && is_time(a.get_ref<const std::string&>()))
    return without_zeros(a.get<std::string>()) == without_zeros(b.get<std::string>());
  constexpr double kTolerance = 1e-9;
  if (a.is_number() && b.is_number()) {
    if (a.is_number_integer() && b.is_number_integer()) return a == b;
    const double x = a.get<double>();
    const double y = b.get<double>();
    return x == y || std::fabs(x - y) <= kTolerance * std::max(std::fabs(x), std::fabs(y));
  }
  if (a.type() != b.type()) return false;
  if (a.is_array()) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), is_same_json);
  }
  if (a.is_object()) {
    return a.size() == b.size() && std::all_of(a.items().begin(), a.items().end(), [&](auto&& e) {
             const auto found = b.find(e.key());
             return found != b.end() && is_same_json(e.value(), *found);
           });
  }
  return a == b;
}

std::string json_lines(const std::vector<Json>& rows) {
  std::string lines;
  for (const Json& row : rows)
    lines += row.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return lines;
}

std::string compare_rows(const std::vector<Json>& expected, const std::vector<Json>& actual,
                         bool is_ordered) {
  const auto dump = [](const Json& row) {
    return row.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  std::string diff;
  if (is_ordered) {
    for (std::size_t i = 0; i < std::max(expected.size(), actual.size()); ++i) {
      if (i < expected.size() && i < actual.size() && is_same_json(expected[i], actual[i]))
        continue;
      if (i < expected.size()) diff += "  - " + dump(expected[i]) + "\n";
      if (i < actual.size()) diff += "  + " + dump(actual[i]) + "\n";
    }
    return diff;
  }
  std::vector<bool> is_matched(actual.size(), false);
  for (const Json& row : expected) {
    std::size_t match = 0;
    while (match < actual.size() && (is_matched[match] || !is_same_json(row, actual[match])))
      ++match;
    if (match == actual.size()) {
      diff += "  - " + dump(row) + "\n";
    } else {
      is_matched[match] = true;
    }
  }
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (!is_matched[i]) diff += "  + " + dump(actual[i]) + "\n";
  }
  return diff;
}

}  // namespace stream::testing
