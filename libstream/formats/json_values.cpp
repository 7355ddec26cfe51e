#include <libstream/data/decimal.hpp>
#include <libstream/expressions/datetime_text.hpp>
#include <libstream/expressions/interval_text.hpp>
#include <libstream/expressions/text_codec.hpp>
#include <libstream/expressions/utf8.hpp>
#include <libstream/formats/json_values.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

namespace stream {
namespace {

template <class T>
std::optional<Value> optional_value(Result<T> result) {
  if (!result) return std::nullopt;
  return Value{std::move(result).value()};
}

/// "NaN", "INF", … in quotes or, where allowed, without.
template <class T>
std::optional<T> read_word(std::string_view text) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  if (text == "NaN") return std::numeric_limits<T>::quiet_NaN();
  if (text == "+INF" || text == "+Infinity" || text == "Infinity" || text == "INF")
    return kInfinity;
  if (text == "-INF" || text == "-Infinity") return -kInfinity;
  return std::nullopt;
}

}  // namespace

std::optional<Value> JsonConverter::refuse(const JsonNode& node, const DataType& type) {
  reason_ = fmt::format("the value {} of field {} is not a {}", node.raw.substr(0, 200), node.name,
                        type.to_string());
  return std::nullopt;
}

std::optional<Value> JsonConverter::convert(const JsonTree& tree, const JsonNode& node,
                                            const DataType& type, bool& is_partial) {
  if (type.kind == TypeKind::variant) {
    std::string json;
    append_variant_json(tree, node, json);
    return Value{std::move(json)};
  }
  if (node.kind == JsonKind::null) return Value{};
  std::optional<Value> value;
  switch (type.kind) {
    case TypeKind::null:
      return Value{};
    case TypeKind::boolean:
      if (node.kind == JsonKind::boolean) value = Value{node.text == "true"};
      break;
    case TypeKind::int8:
    case TypeKind::int16:
    case TypeKind::int32:
    case TypeKind::int64:
      if (node.kind == JsonKind::integer) value = convert_integer(node, type);
      break;
    case TypeKind::float32:
      value = convert_floating<float>(node, type);
      break;
    case TypeKind::float64:
      value = convert_floating<double>(node, type);
      break;
    case TypeKind::decimal:
      value = convert_decimal(node, type);
      break;
    case TypeKind::date:
    case TypeKind::timestamp:
    case TypeKind::timestamp_ntz:
      value = convert_time(node, type);
      break;
    case TypeKind::string:
      return Value{std::string(node.kind == JsonKind::string ? node.text : node.raw)};
    case TypeKind::array:
    case TypeKind::map:
    case TypeKind::structure:
      value = convert_nested(tree, node, type, is_partial);
      break;
    default:
      if (node.kind == JsonKind::string) value = convert_text(node, type);
  }
  return value ? value : refuse(node, type);
}

std::optional<Value> JsonConverter::convert_integer(const JsonNode& node, const DataType& type) {
  std::int64_t number = 0;
  if (!parse_java_integer(node.text.data(), node.text.size(), number)) return std::nullopt;
  const auto is_between = [&](std::int64_t low, std::int64_t high) {
    return number >= low && number <= high;
  };
  switch (type.kind) {
    case TypeKind::int8:
      // The parser takes an unsigned byte, too, and keeps its bits.
      if (!is_between(-128, 255)) return std::nullopt;
      return Value{static_cast<std::int8_t>(number)};
    case TypeKind::int16:
      if (!is_between(-32768, 32767)) return std::nullopt;
      return Value{static_cast<std::int16_t>(number)};
    case TypeKind::int32:
      if (!is_between(-2147483648LL, 2147483647LL)) return std::nullopt;
      return Value{static_cast<std::int32_t>(number)};
    default:
      return Value{number};
  }
}

template <class T>
std::optional<Value> JsonConverter::convert_floating(const JsonNode& node,
                                                     const DataType& /*type*/) {
  if (node.kind == JsonKind::integer || node.kind == JsonKind::number) {
    if (const auto word = read_word<T>(node.text)) return Value{*word};
    if constexpr (std::is_same_v<T, float>) {
      if (const auto number = parse_java_float(node.text)) return Value{*number};
    } else {
      if (const auto number = parse_java_double(node.text)) return Value{*number};
    }
  }
  if (node.kind == JsonKind::string && knows_words_ && node.text != "INF") {
    if (const auto word = read_word<T>(node.text)) return Value{*word};
  }
  return std::nullopt;
}

std::optional<Value> JsonConverter::convert_time(const JsonNode& node, const DataType& type) {
  if (node.kind == JsonKind::integer && type.kind == TypeKind::timestamp) {
    std::int64_t seconds = 0;
    if (!parse_java_integer(node.text.data(), node.text.size(), seconds)) return std::nullopt;
    return Value{static_cast<std::int64_t>(static_cast<std::uint64_t>(seconds) * 1'000'000u)};
  }
  if (node.kind != JsonKind::string || node.text.empty()) return std::nullopt;
  if (type.kind == TypeKind::timestamp) {
    if (const auto micros = times_.timestamp(node.text)) return Value{*micros};
  } else if (type.kind == TypeKind::timestamp_ntz) {
    if (const auto micros = times_.timestamp_ntz(node.text)) return Value{*micros};
  } else {
    if (const auto days = times_.date(node.text)) return Value{*days};
    // Days since 1970 as text: what very old files hold.
    std::int32_t days = 0;
    if (times_.date_falls_back() && parse_java_integer(node.text.data(), node.text.size(), days))
      return Value{days};
  }
  return std::nullopt;
}

std::optional<Value> JsonConverter::convert_decimal(const JsonNode& node, const DataType& type) {
  std::optional<Int128> value;
  if (node.kind == JsonKind::integer || node.kind == JsonKind::number) {
    value = parse_decimal(node.text, type.scale);
    if (value && !fits_precision(*value, type.precision)) value.reset();
  } else if (node.kind == JsonKind::string && !node.text.empty()) {
    value = decimals_.read(node.text, type.precision, type.scale);
  }
  if (!value) return std::nullopt;
  return Value{*value};
}

std::optional<Value> JsonConverter::convert_text(const JsonNode& node, const DataType& type) {
  switch (type.kind) {
    case TypeKind::binary: {
      if (auto bytes = decode_base64(node.text)) return Value{std::move(*bytes)};
      return std::nullopt;
    }
    case TypeKind::calendar_interval: {
      // What is no interval is null and no malformed record.
      auto interval = optional_value(parse_calendar_interval(node.text));
      return interval ? interval : Value{};
    }
    case TypeKind::day_time_interval:
      return optional_value(parse_day_time_interval(node.text, type));
    case TypeKind::year_month_interval:
      return optional_value(parse_year_month_interval(node.text, type));
    default:
      return std::nullopt;
  }
}

std::optional<Value> JsonConverter::convert_nested(const JsonTree& tree, const JsonNode& node,
                                                   const DataType& type, bool& is_partial) {
  if (type.kind == TypeKind::structure) {
    if (node.kind != JsonKind::object) return std::nullopt;
    return Value{convert_fields(tree, node, type.children, is_partial)};
  }
  const bool is_map = type.kind == TypeKind::map;
  if (node.kind != (is_map ? JsonKind::object : JsonKind::array)) return std::nullopt;
  ValueList values;
  for (std::uint32_t i = node.first_child; i != JsonNode::kNone; i = tree.node(i).next) {
    const JsonNode& child = tree.node(i);
    auto value = convert(tree, child, type.children[is_map ? 1 : 0].type, is_partial);
    if (!value) return std::nullopt;
    if (is_map) values.push_back(Value{std::string(child.name)});
    values.push_back(std::move(*value));
  }
  return Value{std::move(values)};
}

ValueList JsonConverter::convert_fields(const JsonTree& tree, const JsonNode& object,
                                        const std::vector<Field>& fields, bool& is_partial) {
  ValueList values(fields.size());
  for (std::uint32_t i = object.first_child; i != JsonNode::kNone; i = tree.node(i).next) {
    const JsonNode& child = tree.node(i);
    for (std::size_t f = 0; f < fields.size(); ++f) {
      if (fields[f].name != child.name) continue;
      if (auto value = convert(tree, child, fields[f].type, is_partial)) {
        values[f] = std::move(*value);
      } else {
        is_partial = true;
      }
      break;
    }
  }
  return values;
}

void append_json_string(std::string_view text, bool escapes_non_ascii, std::string& out) {
  out += '"';
  std::size_t at = 0;
  const auto append_unit = [&](std::uint32_t unit) {
    fmt::format_to(std::back_inserter(out), "\\u{:04X}", unit);
  };
  while (at < text.size()) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 && escapes_non_ascii) {
      const char32_t code = next_code_point(text, at);
      if (code >= 0x10000) {
        append_unit(0xD800 + ((static_cast<std::uint32_t>(code) - 0x10000) >> 10));
        append_unit(0xDC00 + ((static_cast<std::uint32_t>(code) - 0x10000) & 0x3FF));
      } else {
        append_unit(code);
      }
      continue;
    }
    ++at;
    constexpr std::string_view kControls = "\b\f\n\r\t\"\\";
    constexpr std::string_view kLetters = "bfnrt\"\\";
    if (const std::size_t found = kControls.find(c); found != std::string_view::npos) {
      out += '\\';
      out += kLetters[found];
    } else if (byte < 0x20) {
      append_unit(byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_variant_json(const JsonTree& tree, const JsonNode& node, std::string& out) {
  std::vector<std::uint32_t> children;
  for (std::uint32_t i = node.first_child; i != JsonNode::kNone; i = tree.node(i).next)
    children.push_back(i);
  switch (node.kind) {
    case JsonKind::null:
      out += "null";
      return;
    case JsonKind::string:
      return append_json_string(node.text, false, out);
    case JsonKind::array:
    case JsonKind::object: {
      const bool is_object = node.kind == JsonKind::object;
      if (is_object)
        std::stable_sort(children.begin(), children.end(), [&](std::uint32_t a, std::uint32_t b) {
          return tree.node(a).name < tree.node(b).name;
        });
      out += is_object ? '{' : '[';
      for (std::size_t i = 0; i < children.size(); ++i) {
        if (i > 0) out += ',';
        if (is_object) {
          append_json_string(tree.node(children[i]).name, false, out);
          out += ':';
        }
        append_variant_json(tree, tree.node(children[i]), out);
      }
      out += is_object ? '}' : ']';
      return;
    }
    default:
      out += node.text;
  }
}

}  // namespace stream
