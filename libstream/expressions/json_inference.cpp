#include <libstream/data/decimal.hpp>
#include <libstream/expressions/json_reading.hpp>
#include <libstream/expressions/number_text.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <algorithm>
#include <charconv>

namespace stream {

namespace {

using Kind = ParsedJson::Kind;

DataType number_type(const ParsedJson& node, const RecordOptions& options) {
  const bool prefers_decimal = options.flag("prefersdecimal", false);
  if (node.kind == Kind::integer) {
    std::int64_t value = 0;
    const char* end = node.text.data() + node.text.size();
    if (std::from_chars(node.text.data(), end, value).ec == std::errc())
      return primitive(TypeKind::int64);
  } else if (!prefers_decimal) {
    return primitive(TypeKind::float64);
  }
  const std::optional<DecimalText> exact = parse_decimal_exactly(node.text);
  if (!exact || exact->scale < 0) return primitive(TypeKind::float64);
  return decimal_of(std::max(exact->num_digits, exact->scale), exact->scale);
}

void sort_fields(std::vector<Field>& fields) {
  std::stable_sort(fields.begin(), fields.end(),
                   [](const Field& a, const Field& b) { return a.name < b.name; });
}

}  // namespace

DataType infer_json_type(const JsonDocument& document, std::size_t index,
                         const RecordOptions& options) {
  const ParsedJson& node = document.node(index);
  switch (node.kind) {
    case Kind::null:
      return primitive(TypeKind::null);
    case Kind::boolean:
      return primitive(options.flag("primitivesasstring", false) ? TypeKind::string
                                                                 : TypeKind::boolean);
    case Kind::integer:
    case Kind::real:
      return options.flag("primitivesasstring", false) ? primitive(TypeKind::string)
                                                       : number_type(node, options);
    case Kind::string:
      if (node.text.empty()) return primitive(TypeKind::null);
      if (options.flag("infertimestamp", false) &&
          options.parse_time(node.text, primitive(TypeKind::timestamp)))
        return primitive(TypeKind::timestamp);
      return primitive(TypeKind::string);
    case Kind::array: {
      DataType element = primitive(TypeKind::null);
      document.for_each_element(index, [&](std::size_t child) {
        element = merge_json_types(element, infer_json_type(document, child, options));
      });
      return array_of(std::move(element), true);
    }
    case Kind::object: {
      DataType type = struct_of({});
      document.for_each_member(index, [&](const ParsedJson& key, std::size_t child) {
        type.children.push_back(
            {std::string(key.text), infer_json_type(document, child, options), true});
      });
      sort_fields(type.children);
      return type;
    }
  }
  return primitive(TypeKind::null);
}

DataType merge_json_types(const DataType& a, const DataType& b, const InferredTypeRules& rules) {
  if (a.kind == TypeKind::null || a == b) return b;
  if (b.kind == TypeKind::null) return a;
  if (a.kind == TypeKind::array && b.kind == TypeKind::array)
    return array_of(merge_json_types(a.children[0].type, b.children[0].type, rules), true);
  if (a.kind == TypeKind::structure && b.kind == TypeKind::structure) {
    std::vector<Field> fields = a.children;
    for (const Field& field : b.children) {
      const auto known = std::find_if(fields.begin(), fields.end(),
                                      [&](const Field& other) { return other.name == field.name; });
      if (known == fields.end())
        fields.push_back(field);
      else
        known->type = merge_json_types(known->type, field.type, rules);
    }
    sort_fields(fields);
    return struct_of(std::move(fields));
  }
  if (is_numeric(a.kind) && is_numeric(b.kind)) {
    if (a.kind == TypeKind::float64 || b.kind == TypeKind::float64)
      return primitive(TypeKind::float64);
    const DataType x = a.kind == TypeKind::decimal ? a : decimal_of(rules.bigint_digits, 0);
    const DataType y = b.kind == TypeKind::decimal ? b : decimal_of(rules.bigint_digits, 0);
    const int scale = std::max(x.scale, y.scale);
    const int whole = std::max(x.precision - x.scale, y.precision - y.scale);
    if (whole + scale > kMaxDecimalPrecision) return primitive(TypeKind::float64);
    return decimal_of(whole + scale, scale);
  }
  return primitive(rules.otherwise);
}

std::optional<DataType> settle_json_type(const DataType& type, bool is_root) {
  if (type.kind == TypeKind::null) return primitive(TypeKind::string);
  if (type.kind == TypeKind::array) {
    std::optional<DataType> element = settle_json_type(type.children[0].type, false);
    if (!element) return std::nullopt;
    return array_of(std::move(*element), true);
  }
  if (type.kind == TypeKind::structure) {
    std::vector<Field> fields;
    for (const Field& field : type.children) {
      if (field.name.empty()) continue;
      std::optional<DataType> settled = settle_json_type(field.type, false);
      if (settled) fields.push_back({field.name, std::move(*settled), true});
    }
    if (fields.empty() && !is_root) return std::nullopt;
    return struct_of(std::move(fields));
  }
  return type;
}

}  // namespace stream
