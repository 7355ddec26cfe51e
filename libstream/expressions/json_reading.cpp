#include <libstream/data/decimal.hpp>
#include <libstream/expressions/json_reading.hpp>
#include <libstream/expressions/number_text.hpp>
#include <libstream/expressions/text_codec.hpp>

#include <charconv>
#include <limits>

namespace stream {

namespace {

using Kind = ParsedJson::Kind;

template <class T>
std::optional<Value> integer(const ParsedJson& node) {
  if (node.kind != Kind::integer) return std::nullopt;
  T value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return Value{value};
}

std::optional<double> real(const ParsedJson& node) {
  if (node.kind == Kind::integer || node.kind == Kind::real) return parse_double(node.text);
  if (node.kind != Kind::string) return std::nullopt;
  for (const std::string_view word :
       {"NaN", "+INF", "INF", "-INF", "Infinity", "+Infinity", "-Infinity"})
    if (node.text == word) return parse_double(word);
  return std::nullopt;
}

std::string_view as_text(const ParsedJson& node) {
  return node.kind == Kind::string ? node.text : node.raw;
}

}  // namespace

JsonReadOptions json_read_options(const RecordOptions& options) {
  JsonReadOptions made;
  made.allows_single_quotes = options.flag("allowsinglequotes", true);
  made.allows_leading_zeros = options.flag("allownumericleadingzeros", false);
  made.allows_unquoted_names = options.flag("allowunquotedfieldnames", false);
  made.allows_any_escape = options.flag("allowbackslashescapinganycharacter", false);
  made.allows_control_characters = options.flag("allowunquotedcontrolchars", false);
  made.allows_non_numbers = options.flag("allownonnumericnumbers", true);
  made.allows_comments = options.flag("allowcomments", false);
  return made;
}

JsonValueReader::JsonValueReader(DataType type, RecordOptions options)
    : type_(std::move(type)), options_(std::move(options)) {
  json_options_ = json_read_options(options_);
  if (type_.kind != TypeKind::structure) return;
  for (std::size_t i = 0; i < type_.children.size(); ++i)
    if (type_.children[i].name == options_.corrupt_column()) corrupt_field_ = i;
}

std::optional<Value> JsonValueReader::scalar(const ParsedJson& node, const DataType& type) const {
  switch (type.kind) {
    case TypeKind::boolean:
      if (node.kind != Kind::boolean) return std::nullopt;
      return Value{node.text == "true"};
    case TypeKind::int8:
      return integer<std::int8_t>(node);
    case TypeKind::int16:
      return integer<std::int16_t>(node);
    case TypeKind::int32:
      return integer<std::int32_t>(node);
    case TypeKind::int64:
      return integer<std::int64_t>(node);
    case TypeKind::float32: {
      const std::optional<double> value = real(node);
      if (!value) return std::nullopt;
      return Value{parse_float(node.text).value_or(static_cast<float>(*value))};
    }
    case TypeKind::float64: {
      const std::optional<double> value = real(node);
      return value ? std::optional<Value>(Value{*value}) : std::nullopt;
    }
    case TypeKind::decimal: {
      if (node.kind == Kind::boolean || node.kind == Kind::array || node.kind == Kind::object)
        return std::nullopt;
      const std::optional<Int128> value = decimal_from_text(node.text, type);
      return value ? std::optional<Value>(Value{*value}) : std::nullopt;
    }
    case TypeKind::string:
      return Value{std::string(as_text(node))};
    case TypeKind::variant: {
      JsonDocument part;
      std::string text;
      if (part.parse(node.raw, json_options_)) append_json(part, 0, text);
      return Value{std::move(text)};
    }
    case TypeKind::binary: {
      if (node.kind != Kind::string || !is_strict_base64(node.text)) return std::nullopt;
      std::optional<std::string> bytes = decode_base64(node.text);
      return bytes ? std::optional<Value>(Value{std::move(*bytes)}) : std::nullopt;
    }
    default:
      if (type.kind == TypeKind::timestamp && node.kind == Kind::integer) {
        const std::optional<Value> seconds = integer<std::int64_t>(node);
        if (!seconds) return std::nullopt;
        return Value{seconds->as<std::int64_t>() * 1'000'000};
      }
      if (!options_.is_time(type.kind) || node.kind != Kind::string) return std::nullopt;
      return options_.parse_time(node.text, type);
  }
}

std::optional<Value> JsonValueReader::boxed(const JsonDocument& document, std::size_t index,
                                            const DataType& type, bool& is_partial) const {
  const ParsedJson& node = document.node(index);
  if (node.kind == Kind::null) return Value{};
  ValueList list;
  bool is_broken = false;
  if (type.kind == TypeKind::array) {
    if (node.kind != Kind::array) return std::nullopt;
    document.for_each_element(index, [&](std::size_t element) {
      std::optional<Value> value = boxed(document, element, type.children[0].type, is_partial);
      if (value)
        list.push_back(std::move(*value));
      else
        is_broken = true;
    });
    if (is_broken) return std::nullopt;
    return Value{std::move(list)};
  }
  if (type.kind == TypeKind::map) {
    if (node.kind != Kind::object) return std::nullopt;
    document.for_each_member(index, [&](const ParsedJson& key, std::size_t member) {
      std::optional<Value> value = boxed(document, member, type.children[1].type, is_partial);
      if (!value) {
        is_broken = true;
        return;
      }
      list.push_back(Value{std::string(key.text)});
      list.push_back(std::move(*value));
    });
    if (is_broken) return std::nullopt;
    return Value{std::move(list)};
  }
  if (type.kind == TypeKind::structure) {
    if (node.kind != Kind::object) return std::nullopt;
    list.resize(type.children.size());
    document.for_each_member(index, [&](const ParsedJson& key, std::size_t member) {
      for (std::size_t i = 0; i < type.children.size(); ++i) {
        if (type.children[i].name != key.text) continue;
        std::optional<Value> value = boxed(document, member, type.children[i].type, is_partial);
        if (value)
          list[i] = std::move(*value);
        else
          is_partial = true;
        break;
      }
    });
    return Value{std::move(list)};
  }
  if (type.kind == TypeKind::null) return std::nullopt;
  return scalar(node, type);
}

bool JsonValueReader::append_value_of(const JsonDocument& document, std::size_t index,
                                      const DataType& type, ColumnBuilder& builder) const {
  const ParsedJson& node = document.node(index);
  if (node.kind == Kind::null) {
    builder.append_null();
    return true;
  }
  if (type.kind == TypeKind::string) {
    builder.append_string(as_text(node));
    return true;
  }
  if (type.kind == TypeKind::structure && node.kind == Kind::object)
    return append_fields(document, index, type, builder);
  bool is_partial = false;
  const std::optional<Value> value = boxed(document, index, type, is_partial);
  if (value)
    append_value(builder, *value);
  else
    builder.append_null();
  return value && !is_partial;
}

bool JsonValueReader::append_fields(const JsonDocument& document, std::size_t index,
                                    const DataType& type, ColumnBuilder& builder) const {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> found(type.children.size(), kNone);
  document.for_each_member(index, [&](const ParsedJson& key, std::size_t value) {
    for (std::size_t i = 0; i < found.size(); ++i)
      if (type.children[i].name == key.text) found[i] = value;
  });
  bool is_good = true;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] == kNone)
      builder.child(i).append_null();
    else
      is_good =
          append_value_of(document, found[i], type.children[i].type, builder.child(i)) && is_good;
  }
  builder.append_struct();
  return is_good;
}

bool JsonValueReader::append_root(const JsonDocument& document, ColumnBuilder& builder) const {
  const ParsedJson& root = document.node(0);
  if (type_.kind == TypeKind::array && root.kind == Kind::object &&
      type_.children[0].type.kind == TypeKind::structure) {
    const bool is_good = append_fields(document, 0, type_.children[0].type, builder.child(0));
    builder.append_array();
    return is_good;
  }
  if (type_.kind == TypeKind::variant || root.kind != Kind::null)
    return append_value_of(document, 0, type_, builder);
  builder.append_null();
  return false;
}

Result<void> JsonValueReader::append(JsonDocument& document, std::string_view text,
                                     ColumnBuilder& builder) const {
  const bool is_json = document.parse(text, json_options_);
  if (is_json && document.is_empty()) {
    builder.append_null();
    return {};
  }
  const bool is_struct = type_.kind == TypeKind::structure;
  const bool has_fields = is_json && document.node(0).kind == Kind::object;
  bool is_good = false;
  if (is_struct) {
    // The text of a bad record goes beside the fields that could be read, so fields come first.
    constexpr std::size_t kNone = static_cast<std::size_t>(-1);
    std::vector<std::size_t> found(type_.children.size(), kNone);
    if (has_fields) {
      is_good = true;
      document.for_each_member(0, [&](const ParsedJson& key, std::size_t value) {
        for (std::size_t i = 0; i < found.size(); ++i)
          if (type_.children[i].name == key.text) found[i] = value;
      });
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (i == corrupt_field_) continue;
      if (found[i] == kNone)
        builder.child(i).append_null();
      else
        is_good = append_value_of(document, found[i], type_.children[i].type, builder.child(i)) &&
                  is_good;
    }
    if (corrupt_field_) {
      if (is_good)
        builder.child(*corrupt_field_).append_null();
      else
        builder.child(*corrupt_field_).append_string(text);
    }
    builder.append_struct();
  } else if (is_json) {
    is_good = append_root(document, builder);
  } else {
    builder.append_null();
  }
  if (!is_good && options_.fails_fast()) return malformed_record(text);
  return {};
}

}  // namespace stream
