#include <libstream/data/decimal.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/arithmetic.hpp>
#include <libstream/expressions/functions/interval_arithmetic.hpp>
#include <libstream/expressions/functions/signature.hpp>

#include <cmath>
#include <limits>

namespace stream {

namespace {

using enum TypeKind;

template <class T>
Kernel absolute_kernel(bool is_ansi) {
  return row_kernel([is_ansi](T value) -> Result<T> {
    if (value >= 0) return value;
    if (value == std::numeric_limits<T>::min()) {
      if (is_ansi) return arithmetic_overflow(sizeof(T) == 8 ? "long" : "integer", "");
      return value;
    }
    return static_cast<T>(-value);
  });
}

Result<ResolvedFunction> resolve_abs(Arguments arguments, const SqlSettings& settings) {
  if (auto interval = resolve_interval_sign("abs", arguments[0])) return std::move(*interval);
  ResolvedFunction resolved;
  DataType type = arguments[0].type;
  if (!is_numeric(type.kind)) {
    STREAM_TRY(type, implicit_type("abs", arguments, 0, primitive(float64), settings));
  }
  switch (type.kind) {
    case int8:
      resolved.kernel = absolute_kernel<std::int8_t>(settings.is_ansi);
      break;
    case int16:
      resolved.kernel = absolute_kernel<std::int16_t>(settings.is_ansi);
      break;
    case int32:
      resolved.kernel = absolute_kernel<std::int32_t>(settings.is_ansi);
      break;
    case int64:
      resolved.kernel = absolute_kernel<std::int64_t>(settings.is_ansi);
      break;
    case float32:
      resolved.kernel = row_kernel([](float value) { return std::fabs(value); });
      break;
    case decimal:
      resolved.kernel = row_kernel([](Int128 value) { return value < 0 ? -value : value; });
      break;
    default:
      resolved.kernel = row_kernel([](double value) { return std::fabs(value); });
  }
  resolved.type = type;
  resolved.parameter_types = {std::move(type)};
  return resolved;
}

template <class T>
T positive(T rest, T divisor) {
  if (!(rest < 0)) return rest;
  if constexpr (std::is_floating_point_v<T>) {
    return std::fmod(rest + divisor, divisor);
  } else {
    // In 128 bits the sum cannot overflow.
    return static_cast<T>((Int128{rest} + divisor) % divisor);
  }
}

/// Makes the rests that `remainder` gives positive, where the divisor is.
template <class T>
Kernel positive_kernel(Kernel remainder, int divisor_scale, int result_scale) {
  return [=](const KernelInput& input) -> Result<Column> {
    STREAM_TRY(const Column rests, remainder(input));
    ColumnBuilder builder(input.type, input.context.pool);
    const Operand& divisors = input.arguments[1];
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row) || rests.is_null(row)) {
        builder.append_null();
        continue;
      }
      T divisor = divisors.column.data<T>()[divisors.index(row)];
      if constexpr (std::is_same_v<T, Int128>)
        divisor = rescale(divisor, divisor_scale, result_scale).value_or(divisor);
      builder.append(positive<T>(rests.data<T>()[row], divisor));
    }
    return builder.finish();
  };
}

Result<ResolvedFunction> resolve_pmod(Arguments arguments, const SqlSettings& settings) {
  const ScalarFunction* remainder = builtin_functions().scalar("%");
  STREAM_TRY(ResolvedFunction resolved, remainder->resolve(arguments, settings));
  const int scale = resolved.parameter_types[1].scale;
  const int result_scale = resolved.type.scale;
  switch (resolved.type.kind) {
    case int8:
      resolved.kernel = positive_kernel<std::int8_t>(std::move(resolved.kernel), 0, 0);
      break;
    case int16:
      resolved.kernel = positive_kernel<std::int16_t>(std::move(resolved.kernel), 0, 0);
      break;
    case int32:
      resolved.kernel = positive_kernel<std::int32_t>(std::move(resolved.kernel), 0, 0);
      break;
    case int64:
      resolved.kernel = positive_kernel<std::int64_t>(std::move(resolved.kernel), 0, 0);
      break;
    case float32:
      resolved.kernel = positive_kernel<float>(std::move(resolved.kernel), 0, 0);
      break;
    case decimal:
      resolved.kernel = positive_kernel<Int128>(std::move(resolved.kernel), scale, result_scale);
      break;
    default:
      resolved.kernel = positive_kernel<double>(std::move(resolved.kernel), 0, 0);
  }
  return resolved;
}

}  // namespace

void add_absolute_functions(FunctionRegistry& registry) {
  registry.add(ScalarFunction{
      "abs", "math", "abs(x) - without its sign", 1, 1, resolve_abs, {}, {}, true, {}});
  registry.add(ScalarFunction{"pmod",
                              "math",
                              "pmod(a, b) - the remainder, not negative",
                              2,
                              2,
                              resolve_pmod,
                              {},
                              {},
                              true,
                              {}});
}

}  // namespace stream
