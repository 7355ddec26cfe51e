#include <libstream/expressions/number_text.hpp>
#include <libstream/expressions/text_options.hpp>

#include <strings.h>

#include <charconv>
#include <limits>

namespace stream {

namespace {

using enum TypeKind;

template <class T>
std::optional<Value> integer(std::string_view text) {
  if (text.starts_with("+")) text.remove_prefix(1);
  T value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return Value{value};
}

bool equals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<double> real(std::string_view text, const RecordOptions& options) {
  if (text == options.get("nanvalue", "NaN")) return std::numeric_limits<double>::quiet_NaN();
  if (text == options.get("negativeinf", "-Inf")) return -std::numeric_limits<double>::infinity();
  if (text == options.get("positiveinf", "Inf")) return std::numeric_limits<double>::infinity();
  return parse_double(text);
}

}  // namespace

std::optional<Value> value_from_text(std::string_view cell, const DataType& type,
                                     const RecordOptions& options) {
  switch (type.kind) {
    case boolean:
      if (equals(cell, "true")) return Value{true};
      if (equals(cell, "false")) return Value{false};
      return std::nullopt;
    case int8:
      return integer<std::int8_t>(cell);
    case int16:
      return integer<std::int16_t>(cell);
    case int32:
      return integer<std::int32_t>(cell);
    case int64:
      return integer<std::int64_t>(cell);
    case float32: {
      const std::optional<double> value = real(cell, options);
      if (!value) return std::nullopt;
      return Value{parse_float(cell).value_or(static_cast<float>(*value))};
    }
    case float64: {
      const std::optional<double> value = real(cell, options);
      return value ? std::optional<Value>(Value{*value}) : std::nullopt;
    }
    case decimal: {
      const std::optional<Int128> value = decimal_from_text(cell, type);
      return value ? std::optional<Value>(Value{*value}) : std::nullopt;
    }
    case string:
    case binary:
      return Value{std::string(cell)};
    default:
      if (!options.is_time(type.kind)) return std::nullopt;
      return options.parse_time(cell, type);
  }
}

}  // namespace stream
