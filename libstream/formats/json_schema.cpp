#include <libstream/data/decimal.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/type_coercion.hpp>
#include <libstream/formats/json_schema.hpp>
#include <libstream/formats/malformed.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

DataType join_structs(const DataType& a, const DataType& b) {
  DataType joined = struct_of({});
  auto x = a.children.begin();
  auto y = b.children.begin();
  while (x != a.children.end() || y != b.children.end()) {
    if (y == b.children.end() || (x != a.children.end() && x->name < y->name)) {
      joined.children.push_back(*x++);
    } else if (x == a.children.end() || y->name < x->name) {
      joined.children.push_back(*y++);
    } else {
      joined.children.push_back({x->name, join_json_types(x->type, y->type), true});
      ++x;
      ++y;
    }
  }
  return joined;
}

DataType join_decimals(const DataType& a, const DataType& b) {
  const int scale = std::max(a.scale, b.scale);
  const int range = std::max(a.precision - a.scale, b.precision - b.scale);
  if (range + scale > kMaxDecimalPrecision) return primitive(TypeKind::float64);
  return decimal_of(range + scale, scale);
}

}  // namespace

DataType join_json_types(const DataType& a, const DataType& b) {
  if (a == b || b.kind == TypeKind::null) return a;
  if (a.kind == TypeKind::null) return b;
  if (a.kind == TypeKind::structure && b.kind == TypeKind::structure) return join_structs(a, b);
  if (a.kind == TypeKind::array && b.kind == TypeKind::array)
    return array_of(join_json_types(a.children[0].type, b.children[0].type), true);
  if (is_numeric(a.kind) && is_numeric(b.kind)) {
    if (a.kind == TypeKind::float64 || b.kind == TypeKind::float64)
      return primitive(TypeKind::float64);
    return join_decimals(decimal_for(a), decimal_for(b));
  }
  return primitive(TypeKind::string);
}

JsonSchemaFinder::JsonSchemaFinder(const JsonOptions& options, TimeReader times)
    : options_(options),
      times_(std::move(times)),
      tree_(options.leniency, options.max_depth),
      root_(struct_of({})) {}

Result<void> JsonSchemaFinder::begin(const std::string& /*path*/, bool /*is_start*/) { return {}; }

Result<std::size_t> JsonSchemaFinder::take(const ByteRange& bytes) {
  const std::string_view text(bytes.block.data(), bytes.end);
  if (options_.is_multi_line) {
    if (!bytes.is_last) return bytes.begin;
    STREAM_TRY(take_record(text.substr(bytes.begin)));
    return bytes.end;
  }
  std::size_t at = bytes.begin;
  while (at < bytes.end && at < bytes.owned) {
    const TextLine line = next_line(text, at, options_.line_separator, bytes.is_last);
    if (!line.is_whole) break;
    STREAM_TRY(take_record(text.substr(at, line.size)));
    at = line.next;
  }
  return at;
}

Result<void> JsonSchemaFinder::take_record(std::string_view record) {
  sampled_ += options_.inference.sampling_ratio;
  if (sampled_ < 1) return {};
  sampled_ -= 1;
  if (record.starts_with("\xEF\xBB\xBF")) record.remove_prefix(3);
  switch (tree_.parse(record)) {
    case JsonTree::Outcome::blank:
      return {};
    case JsonTree::Outcome::malformed:
      return add_corrupt();
    case JsonTree::Outcome::value:
      return merge_root(type_of(tree_.root()));
  }
  return {};
}

Result<void> JsonSchemaFinder::merge_root(const DataType& type) {
  if (type.kind == TypeKind::array) return merge_root(type.children[0].type);
  if (type.kind == TypeKind::null) return {};
  if (type.kind != TypeKind::structure) return add_corrupt();
  root_ = join_json_types(root_, type);
  return {};
}

Result<void> JsonSchemaFinder::add_corrupt() {
  switch (options_.malformed.mode) {
    case MalformedMode::drop_malformed:
      return {};
    case MalformedMode::fail_fast:
      return runtime_error("_LEGACY_ERROR_TEMP_2165",
                           fmt::format("malformed records were found while the schema was looked "
                                       "for (mode FAILFAST): {}",
                                       tree_.reason()));
    case MalformedMode::permissive: {
      const Field corrupt{options_.malformed.corrupt_column, primitive(TypeKind::string), true};
      root_ = join_json_types(root_, struct_of({corrupt}));
      return {};
    }
  }
  return {};
}

DataType JsonSchemaFinder::type_of(const JsonNode& node) const {
  switch (node.kind) {
    case JsonKind::null:
      return primitive(TypeKind::null);
    case JsonKind::boolean:
      return primitive(options_.inference.primitives_as_string ? TypeKind::string
                                                               : TypeKind::boolean);
    case JsonKind::integer:
    case JsonKind::number:
      return type_of_number(node);
    case JsonKind::string:
      return type_of_text(node.text);
    case JsonKind::array: {
      DataType element = primitive(TypeKind::null);
      for (std::uint32_t i = node.first_child; i != JsonNode::kNone; i = tree_.node(i).next)
        element = join_json_types(element, type_of(tree_.node(i)));
      return array_of(std::move(element), true);
    }
    case JsonKind::object:
      break;
  }
  DataType type = struct_of({});
  for (std::uint32_t i = node.first_child; i != JsonNode::kNone; i = tree_.node(i).next) {
    const JsonNode& child = tree_.node(i);
    type.children.push_back({std::string(child.name), type_of(child), true});
  }
  std::stable_sort(type.children.begin(), type.children.end(),
                   [](const Field& a, const Field& b) { return a.name < b.name; });
  return type;
}

DataType JsonSchemaFinder::type_of_number(const JsonNode& node) const {
  if (options_.inference.primitives_as_string) return primitive(TypeKind::string);
  std::int64_t value = 0;
  if (node.kind == JsonKind::integer &&
      parse_java_integer(node.text.data(), node.text.size(), value))
    return primitive(TypeKind::int64);
  if (node.kind == JsonKind::number && !options_.inference.prefers_decimal)
    return primitive(TypeKind::float64);
  const auto decimal = parse_decimal_exactly(node.text);
  if (!decimal || decimal->scale < 0) return primitive(TypeKind::float64);
  const int precision = std::max(decimal->num_digits, decimal->scale);
  if (precision > kMaxDecimalPrecision) return primitive(TypeKind::float64);
  return decimal_of(precision, decimal->scale);
}

DataType JsonSchemaFinder::type_of_text(std::string_view text) const {
  if (text.empty()) return primitive(TypeKind::null);
  if (options_.inference.prefers_decimal) {
    const auto decimal = parse_decimal_exactly(text);
    if (decimal && decimal->scale >= 0 && decimal->scale <= decimal->num_digits)
      return decimal_of(decimal->num_digits, decimal->scale);
  }
  if (options_.inference.infers_timestamp && times_.is_timestamp(text))
    return primitive(TypeKind::timestamp);
  return primitive(TypeKind::string);
}

std::optional<DataType> JsonSchemaFinder::canonical(const DataType& type) const {
  switch (type.kind) {
    case TypeKind::null:
      if (options_.inference.drops_all_null) return std::nullopt;
      return primitive(TypeKind::string);
    case TypeKind::array: {
      auto element = canonical(type.children[0].type);
      if (!element) return std::nullopt;
      return array_of(std::move(*element), true);
    }
    case TypeKind::structure: {
      DataType kept = struct_of({});
      for (const Field& field : type.children) {
        auto child = canonical(field.type);
        if (!field.name.empty() && child) kept.children.push_back({field.name, *child, true});
      }
      if (kept.children.empty()) return std::nullopt;
      return kept;
    }
    default:
      return type;
  }
}

Result<Schema> JsonSchemaFinder::finish() {
  Schema schema;
  if (auto type = canonical(root_)) schema.fields = std::move(type->children);
  return schema;
}

}  // namespace stream
