#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/type_coercion.hpp>
#include <libstream/expressions/xor_shift_random.hpp>

#include <fmt/format.h>

namespace stream {

namespace {

using enum TypeKind;

std::optional<std::int64_t> integer_in(const Value& value) {
  if (const auto* v = std::get_if<std::int8_t>(&value.content)) return *v;
  if (const auto* v = std::get_if<std::int16_t>(&value.content)) return *v;
  if (const auto* v = std::get_if<std::int32_t>(&value.content)) return *v;
  if (const auto* v = std::get_if<std::int64_t>(&value.content)) return *v;
  return std::nullopt;
}

/// The seed that argument `index` gives; nullopt: none was given. A null is 0.
Result<std::optional<std::int64_t>> seed_argument(std::string_view function, Arguments arguments,
                                                  std::size_t index) {
  if (index >= arguments.size()) return std::optional<std::int64_t>();
  if (!arguments[index].constant)
    return analysis_error("SEED_EXPRESSION_IS_UNFOLDABLE",
                          fmt::format("The seed of `{}` must be a constant.", function));
  if (arguments[index].constant->is_null()) return std::optional<std::int64_t>(0);
  const std::optional<std::int64_t> seed = integer_in(*arguments[index].constant);
  if (!seed) return wrong_argument(function, arguments, index, "the (\"INT\" or \"BIGINT\") type");
  return seed;
}

/// A generator for the rows of this batch; each row before it took `steps_per_row` steps.
XorShiftRandom generator_for(const KernelInput& input, std::optional<std::int64_t> seed,
                             std::uint64_t steps_per_row) {
  XorShiftRandom random(seed.value_or(static_cast<std::int64_t>(input.context.seed)));
  random.skip(static_cast<std::uint64_t>(input.context.rows_before) * steps_per_row);
  return random;
}

Kernel rand_kernel(std::optional<std::int64_t> seed) {
  return [seed](const KernelInput& input) -> Result<Column> {
    XorShiftRandom random = generator_for(input, seed, 2);
    ColumnBuilder builder(input.type, input.context.pool);
    for (std::size_t row = 0; row < input.num_rows; ++row) builder.append(random.next_double());
    return builder.finish();
  };
}

/// Each pair of normal numbers takes as many steps as it takes, so earlier rows are drawn again.
Kernel randn_kernel(std::optional<std::int64_t> seed) {
  return [seed](const KernelInput& input) -> Result<Column> {
    XorShiftRandom random = generator_for(input, seed, 0);
    for (std::int64_t i = 0; i < input.context.rows_before; ++i) random.next_gaussian();
    ColumnBuilder builder(input.type, input.context.pool);
    for (std::size_t row = 0; row < input.num_rows; ++row) builder.append(random.next_gaussian());
    return builder.finish();
  };
}

ScalarFunction of_chance(std::string name, std::string usage,
                         Kernel (*kernel)(std::optional<std::int64_t>)) {
  ScalarFunction made{name, "math", std::move(usage), 0, 1, {}, {}, {}, false, {}};
  made.resolve = [=](Arguments arguments, const SqlSettings&) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    STREAM_TRY(const std::optional<std::int64_t> seed, seed_argument(name, arguments, 0));
    for (const Argument& argument : arguments) resolved.parameter_types.push_back(argument.type);
    resolved.type = primitive(float64);
    resolved.is_nullable = false;
    resolved.can_fail = false;
    resolved.nulls = NullHandling::custom;
    resolved.kernel = kernel(seed);
    return resolved;
  };
  return made;
}

/// Of randstr: 16 MiB a row.
constexpr std::int64_t kMaxRandomLength = std::int64_t{1} << 24;

Result<ResolvedFunction> resolve_randstr(Arguments arguments, const SqlSettings&) {
  ResolvedFunction resolved;
  STREAM_TRY(const Value length_value, constant_argument("randstr", arguments, 0));
  STREAM_TRY(const std::optional<std::int64_t> seed, seed_argument("randstr", arguments, 1));
  const std::optional<std::int64_t> length = integer_in(length_value);
  if (!length || !is_integral(arguments[0].type.kind))
    return wrong_argument("randstr", arguments, 0, "the \"INT\" type");
  if (*length > kMaxRandomLength)
    return runtime_error("INVALID_PARAMETER_VALUE.LENGTH",
                         fmt::format("The value of parameter(s) `length` in `randstr` is invalid: "
                                     "Expects `length` up to {}, but got {}.",
                                     kMaxRandomLength, *length));
  if (*length < 0)
    return runtime_error("INVALID_PARAMETER_VALUE.LENGTH",
                         fmt::format("The value of parameter(s) `length` in `randstr` is invalid: "
                                     "Expects `length` greater than or equal to 0, but got {}.",
                                     *length));
  for (const Argument& argument : arguments) resolved.parameter_types.push_back(argument.type);
  resolved.type = primitive(string);
  resolved.is_nullable = false;
  resolved.can_fail = false;
  resolved.nulls = NullHandling::custom;
  resolved.kernel = [seed, size = static_cast<std::uint64_t>(*length)](
                        const KernelInput& input) -> Result<Column> {
    constexpr std::string_view kPool =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    XorShiftRandom random = generator_for(input, seed, size);
    ColumnBuilder builder(input.type, input.context.pool);
    std::string text;
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      text.clear();
      for (std::uint64_t i = 0; i < size; ++i)
        text += kPool[static_cast<std::size_t>(std::abs(random.next_int() % 62))];
      builder.append_string(text);
    }
    return builder.finish();
  };
  return resolved;
}

/// uniform(low, high): cast(low + (high − low) · rand, type of both).
Result<Expr> rewrite_uniform(const Call& call) {
  const Expr low = call.arguments[0];
  const Expr high = call.arguments[1];
  Exprs seed(call.arguments.begin() + 2, call.arguments.end());
  const Expr real_low = make_expr(Cast{low, primitive(float64), false});
  const Expr real_high = make_expr(Cast{high, primitive(float64), false});
  const Expr real =
      make_call("+", {real_low, make_call("*", {make_call("-", {real_high, real_low}),
                                                make_call("rand", std::move(seed))})});
  return make_call("uniform_cast", {real, low, high});
}

/// The first argument, a double, as the wider type of the others.
Result<ResolvedFunction> resolve_uniform_cast(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction resolved;
  for (std::size_t i = 1; i < 3; ++i)
    if (!is_numeric(arguments[i].type.kind) && arguments[i].type.kind != null)
      return wrong_argument("uniform", arguments.subspan(1), i - 1,
                            "integer or floating-point numbers");
  const std::optional<DataType> type = common_type(arguments, 1, settings.is_ansi);
  resolved.type = type.value_or(primitive(float64));
  for (const Argument& argument : arguments) resolved.parameter_types.push_back(argument.type);
  switch (resolved.type.kind) {
    case int8:
      resolved.kernel = row_kernel([](double v) { return static_cast<std::int8_t>(v); });
      break;
    case int16:
      resolved.kernel = row_kernel([](double v) { return static_cast<std::int16_t>(v); });
      break;
    case int32:
      resolved.kernel = row_kernel([](double v) { return static_cast<std::int32_t>(v); });
      break;
    case int64:
      resolved.kernel = row_kernel([](double v) { return static_cast<std::int64_t>(v); });
      break;
    case float32:
      resolved.kernel = row_kernel([](double v) { return static_cast<float>(v); });
      break;
    default:
      resolved.type = primitive(float64);
      resolved.kernel = row_kernel([](double v) { return v; });
  }
  return resolved;
}

}  // namespace

void add_chance_functions(FunctionRegistry& registry) {
  registry.add(of_chance("rand", "rand([seed]) - a number of [0, 1)", rand_kernel));
  registry.add_alias("random", "rand");
  registry.add(
      of_chance("randn", "randn([seed]) - a number of the normal distribution", randn_kernel));
  registry.add(ScalarFunction{"randstr",
                              "string",
                              "randstr(length[, seed]) - letters and digits",
                              1,
                              2,
                              resolve_randstr,
                              {},
                              {},
                              false,
                              {}});
  ScalarFunction uniform;
  uniform.name = "uniform";
  uniform.family = "math";
  uniform.usage = "uniform(low, high[, seed]) - a number between the two";
  uniform.min_arguments = 2;
  uniform.max_arguments = 3;
  uniform.rewrite = rewrite_uniform;
  uniform.is_deterministic = false;
  registry.add(std::move(uniform));
  registry.add(ScalarFunction{"uniform_cast",
                              "math",
                              "what uniform is written with",
                              3,
                              3,
                              resolve_uniform_cast,
                              {},
                              {},
                              true,
                              {}});
}

}  // namespace stream
