#include <libstream/data/decimal.hpp>
#include <libstream/expressions/functions/percentages.hpp>

namespace stream {

std::optional<double> constant_number(const Value& value, const DataType& type) {
  if (value.is_null()) return std::nullopt;
  switch (type.kind) {
    case TypeKind::int8:
      return value.as<std::int8_t>();
    case TypeKind::int16:
      return value.as<std::int16_t>();
    case TypeKind::int32:
      return value.as<std::int32_t>();
    case TypeKind::int64:
      return static_cast<double>(value.as<std::int64_t>());
    case TypeKind::float32:
      return static_cast<double>(value.as<float>());
    case TypeKind::float64:
      return value.as<double>();
    case TypeKind::decimal:
      return decimal_to_double(value.as<Int128>(), type.scale);
    default:
      return std::nullopt;
  }
}

Result<Percentages> percentages_of(std::string_view function, Arguments arguments,
                                   std::size_t index) {
  const Argument& argument = arguments[index];
  const std::string name(function);
  if (!argument.constant)
    return analysis_error("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                          name + ": the percentage must be a constant");
  if (argument.constant->is_null())
    return analysis_error("DATATYPE_MISMATCH.UNEXPECTED_NULL",
                          name + ": the percentage must not be NULL");
  Percentages percentages;
  percentages.is_array = argument.type.kind == TypeKind::array;
  ValueList values{*argument.constant};
  if (percentages.is_array) values = argument.constant->as<ValueList>();
  const DataType& type = percentages.is_array ? argument.type.children[0].type : argument.type;
  for (const Value& value : values) {
    const std::optional<double> number = constant_number(value, type);
    if (!number) return wrong_argument(function, arguments, index, "the \"DOUBLE\" type");
    if (!(*number >= 0.0 && *number <= 1.0))
      return analysis_error("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                            name + ": the percentage must be between 0.0 and 1.0");
    percentages.values.push_back(*number);
  }
  return percentages;
}

}  // namespace stream
