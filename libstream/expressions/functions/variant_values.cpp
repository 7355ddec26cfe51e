#include <libstream/data/decimal.hpp>
#include <libstream/data/value_text.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/functions/variant_values.hpp>
#include <libstream/expressions/json_reading.hpp>
#include <libstream/expressions/number_text.hpp>
#include <libstream/expressions/text_options.hpp>

#include <algorithm>
#include <charconv>

namespace stream {

namespace {

using Kind = ParsedJson::Kind;

/// A number without an exponent and of at most 38 digits, without trailing zeros.
std::optional<DecimalText> exact_number(const ParsedJson& node) {
  if (node.text.find_first_of("eE") != std::string_view::npos) return std::nullopt;
  std::optional<DecimalText> exact = parse_decimal_exactly(node.text);
  if (!exact) return std::nullopt;
  while (exact->scale > 0 && exact->unscaled % 10 == 0) {
    exact->unscaled /= 10;
    --exact->scale;
  }
  if (exact->scale < 0 || exact->scale > kMaxDecimalPrecision) return std::nullopt;
  return exact;
}

void append_number(const ParsedJson& node, std::string& out) {
  if (const auto exact = exact_number(node))
    return append_decimal(exact->unscaled, exact->scale, out);
  const double value = parse_double(node.text).value_or(0);
  // What no double holds stays as it was written, so that it still is JSON.
  if (value - value != 0)
    out += node.text;
  else
    append_double(value, out);
}

DataType number_schema(const ParsedJson& node) {
  std::int64_t value = 0;
  const char* end = node.text.data() + node.text.size();
  if (node.kind == Kind::integer && std::from_chars(node.text.data(), end, value).ec == std::errc())
    return primitive(TypeKind::int64);
  const auto exact = exact_number(node);
  if (!exact) return primitive(TypeKind::float64);
  std::string digits;
  append_decimal(exact->unscaled < 0 ? -exact->unscaled : exact->unscaled, 0, digits);
  return decimal_of(std::max(static_cast<int>(digits.size()), exact->scale), exact->scale);
}

}  // namespace

JsonReadOptions strict_json() {
  JsonReadOptions options;
  options.allows_single_quotes = false;
  options.allows_non_numbers = false;
  return options;
}

Result<void> append_variant(const JsonDocument& document, std::size_t index, std::string& out) {
  const ParsedJson& node = document.node(index);
  if (node.kind == Kind::integer || node.kind == Kind::real) {
    append_number(node, out);
    return {};
  }
  if (node.kind == Kind::string) {
    append_json_string(node.text, out);
    return {};
  }
  if (node.kind == Kind::array) {
    std::vector<std::size_t> elements;
    document.for_each_element(index, [&](std::size_t element) { elements.push_back(element); });
    out += '[';
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (i > 0) out += ',';
      STREAM_TRY(append_variant(document, elements[i], out));
    }
    out += ']';
    return {};
  }
  if (node.kind != Kind::object) {
    out += node.text;
    return {};
  }
  std::vector<std::pair<std::string_view, std::size_t>> members;
  document.for_each_member(index, [&](const ParsedJson& key, std::size_t value) {
    members.emplace_back(key.text, value);
  });
  std::stable_sort(members.begin(), members.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  out += '{';
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0 && members[i].first == members[i - 1].first)
      return runtime_error("VARIANT_DUPLICATE_KEY",
                           "Failed to build variant because of a duplicate object key `" +
                               std::string(members[i].first) + "`.");
    if (i > 0) out += ',';
    append_json_string(members[i].first, out);
    out += ':';
    STREAM_TRY(append_variant(document, members[i].second, out));
  }
  out += '}';
  return {};
}

std::optional<JsonPath> parse_variant_path(std::string_view text) {
  if (!text.starts_with("$")) return std::nullopt;
  JsonPath path;
  for (std::size_t at = 1; at < text.size();) {
    JsonStep step;
    const std::string_view rest = text.substr(at);
    if (rest[0] == '.') {
      const std::size_t end = std::min(text.find_first_of(".[", at + 1), text.size());
      step.name = text.substr(at + 1, end - at - 1);
      if (step.name.empty()) return std::nullopt;
      at = end;
    } else if (rest.starts_with("['") || rest.starts_with("[\"")) {
      const char closing[] = {rest[1], ']'};
      const std::size_t end = text.find(std::string_view(closing, 2), at + 2);
      if (end == std::string_view::npos) return std::nullopt;
      step.name = text.substr(at + 2, end - at - 2);
      at = end + 2;
    } else if (rest[0] == '[') {
      const std::size_t end = text.find(']', at);
      if (end == std::string_view::npos) return std::nullopt;
      const char* last = text.data() + end;
      step.kind = JsonStep::Kind::index;
      const auto [stop, error] = std::from_chars(text.data() + at + 1, last, step.index);
      if (error != std::errc() || stop != last) return std::nullopt;
      at = end + 1;
    } else {
      return std::nullopt;
    }
    path.push_back(std::move(step));
  }
  return path;
}

std::optional<std::size_t> find_variant(const JsonDocument& document, const JsonPath& path) {
  if (document.is_empty()) return std::nullopt;
  std::size_t here = 0;
  for (const JsonStep& step : path) {
    const ParsedJson& node = document.node(here);
    std::optional<std::size_t> next;
    if (step.kind == JsonStep::Kind::name && node.kind == Kind::object) {
      document.for_each_member(here, [&](const ParsedJson& key, std::size_t value) {
        if (key.text == step.name) next = value;
      });
    } else if (step.kind == JsonStep::Kind::index && node.kind == Kind::array) {
      std::size_t i = 0;
      document.for_each_element(here, [&](std::size_t element) {
        if (i++ == step.index) next = element;
      });
    }
    if (!next) return std::nullopt;
    here = *next;
  }
  return here;
}

DataType variant_schema(const JsonDocument& document, std::size_t index) {
  const ParsedJson& node = document.node(index);
  switch (node.kind) {
    case Kind::null:
      return primitive(TypeKind::null);
    case Kind::boolean:
      return primitive(TypeKind::boolean);
    case Kind::integer:
    case Kind::real:
      return number_schema(node);
    case Kind::string:
      return primitive(TypeKind::string);
    case Kind::array: {
      DataType element = primitive(TypeKind::null);
      document.for_each_element(index, [&](std::size_t child) {
        element = merge_variant_schemas(element, variant_schema(document, child));
      });
      return array_of(std::move(element), true);
    }
    case Kind::object: {
      DataType type = struct_of({});
      document.for_each_member(index, [&](const ParsedJson& key, std::size_t child) {
        type.children.push_back({std::string(key.text), variant_schema(document, child), true});
      });
      return type;
    }
  }
  return primitive(TypeKind::variant);
}

DataType merge_variant_schemas(const DataType& a, const DataType& b) {
  return merge_json_types(a, b, {TypeKind::variant, 19});
}

std::string variant_schema_text(const DataType& type) {
  if (type.kind == TypeKind::array)
    return "ARRAY<" + variant_schema_text(type.children[0].type) + ">";
  if (type.kind != TypeKind::structure) return type.to_string();
  std::string text = "OBJECT<";
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    if (i > 0) text += ", ";
    text += quoted_field_name(type.children[i].name) + ": " +
            variant_schema_text(type.children[i].type);
  }
  return text + ">";
}

}  // namespace stream
