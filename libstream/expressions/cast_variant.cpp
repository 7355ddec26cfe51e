#include <libstream/data/decimal.hpp>
#include <libstream/data/value.hpp>
#include <libstream/data/value_text.hpp>
#include <libstream/expressions/cast_kernels.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/expressions/number_text.hpp>
#include <libstream/expressions/row_kernel.hpp>
#include <libstream/expressions/text_codec.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace stream {
namespace {

using Json = nlohmann::ordered_json;

Error invalid_variant_cast(std::string_view json, const DataType& to) {
  return runtime_error(
      "INVALID_VARIANT_CAST",
      fmt::format("The variant value `{}` cannot be cast into `{}`. Please use `try_variant_get` "
                  "instead.",
                  json, to.to_string()));
}

struct Typed {
  Value value;
  DataType type;
};

/// A scalar of JSON with the type that Spark's variant gives it.
Typed scalar_of(const Json& json, std::string_view text) {
  if (json.is_boolean()) return {{json.get<bool>()}, primitive(TypeKind::boolean)};
  if (json.is_string()) return {{json.get<std::string>()}, primitive(TypeKind::string)};
  if (const auto integer = parse_integer(text)) return {{*integer}, primitive(TypeKind::int64)};
  const bool has_exponent = text.find_first_of("eE") != std::string_view::npos;
  if (const auto decimal = parse_decimal_exactly(text); decimal && !has_exponent) {
    const int precision = std::max(decimal->num_digits, decimal->scale);
    return {{decimal->unscaled}, decimal_of(precision, decimal->scale)};
  }
  return {{json.get<double>()}, primitive(TypeKind::float64)};
}

class VariantReader {
 public:
  VariantReader(CastMode mode, EvaluationContext& context) : mode_(mode), context_(context) {}

  Result<Value> read(const Json& json, std::string_view text, const DataType& to) {
    if (json.is_null()) return Value{};
    if (to.kind == TypeKind::variant) return Value{std::string(text)};
    if (json.is_object()) return read_object(json, text, to);
    if (json.is_array()) return read_array(json, text, to);
    return read_scalar(json, text, to);
  }

 private:
  Result<Value> refuse(std::string_view text, const DataType& to) {
    if (mode_ == CastMode::attempt) return Value{};
    return invalid_variant_cast(text, to);
  }

  Result<Value> read_object(const Json& json, std::string_view text, const DataType& to) {
    if (to.kind == TypeKind::string) return Value{std::string(text)};
    ValueList list;
    if (to.kind == TypeKind::map) {
      for (const auto& [key, item] : json.items()) {
        STREAM_TRY(Value value, read(item, item.dump(), to.children[1].type));
        list.push_back({key});
        list.push_back(std::move(value));
      }
      return Value{std::move(list)};
    }
    if (to.kind != TypeKind::structure) return refuse(text, to);
    for (const Field& field : to.children) {
      const auto found = json.find(field.name);
      if (found == json.end()) {
        list.emplace_back();
        continue;
      }
      STREAM_TRY(Value value, read(*found, found->dump(), field.type));
      list.push_back(std::move(value));
    }
    return Value{std::move(list)};
  }

  Result<Value> read_array(const Json& json, std::string_view text, const DataType& to) {
    if (to.kind == TypeKind::string) return Value{std::string(text)};
    if (to.kind != TypeKind::array) return refuse(text, to);
    ValueList list;
    for (const Json& item : json) {
      STREAM_TRY(Value value, read(item, item.dump(), to.children[0].type));
      list.push_back(std::move(value));
    }
    return Value{std::move(list)};
  }

  Result<Value> read_scalar(const Json& json, std::string_view text, const DataType& to) {
    const Typed scalar = scalar_of(json, text);
    if (!to.children.empty()) return refuse(text, to);
    Result<Kernel> kernel = make_cast(scalar.type, to, CastMode::attempt);
    if (!kernel) return refuse(text, to);
    const Operand operand{repeat_value(scalar.value, scalar.type, 1, context_.pool), true};
    const KernelInput input{{&operand, 1}, {}, 1, to, context_, {}};
    STREAM_TRY(const Column column, (*kernel)(input));
    if (column.is_null(0)) return refuse(text, to);
    return value_at(column, 0);
  }

  CastMode mode_;
  EvaluationContext& context_;
};

Kernel variant_to_value(const DataType& to, CastMode mode) {
  return value_kernel(
      [to, mode](std::span<const Value> arguments, EvaluationContext& context) -> Result<Value> {
        const auto& text = arguments[0].as<std::string>();
        const Json json = Json::parse(text, nullptr, false);
        if (json.is_discarded())
          return runtime_error("MALFORMED_VARIANT", "Variant binary is malformed.");
        return VariantReader(mode, context).read(json, text, to);
      });
}

/// JSON of any value; texts are quoted.
Kernel value_to_variant(const DataType& to) {
  return [to](const KernelInput& input) -> Result<Column> {
    const Column& column = input.arguments[0].column;
    const bool is_text = !is_numeric(column.type.kind) && column.type.kind != TypeKind::boolean &&
                         column.type.children.empty();
    ColumnBuilder builder(to, input.context.pool);
    std::string text;
    for (std::size_t i = 0; i < input.num_rows; ++i) {
      if (!input.is_active(i)) {
        builder.append_null();
        continue;
      }
      text.clear();
      if (column.type.kind == TypeKind::binary) {
        text = encode_base64(column.string_at(i));
      } else {
        append_value(column, i, TextStyle::json, text);
      }
      if (column.type.kind == TypeKind::timestamp) text += "+00:00";
      // JSON has no numbers for NaN and the infinities.
      if (is_text || text == "NaN" || text.ends_with("Infinity"))
        text = Json(text).dump(-1, ' ', false, nlohmann::detail::error_handler_t::replace);
      builder.append_string(text);
    }
    return builder.finish();
  };
}

}  // namespace

Kernel make_variant_cast(const DataType& from, const DataType& to, CastMode mode) {
  return from.kind == TypeKind::variant ? variant_to_value(to, mode) : value_to_variant(to);
}

}  // namespace stream
