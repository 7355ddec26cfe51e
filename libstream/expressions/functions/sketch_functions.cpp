// What sketches say and how two become one: hll_sketch_estimate, hll_union, theta_sketch_estimate,
// theta_union, theta_intersection, theta_difference, kll_sketch_get_… and kll_sketch_merge_….
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/collections.hpp>
#include <libstream/expressions/functions/sketches.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

constexpr std::string_view kHllInvalid = "HLL_INVALID_INPUT_SKETCH_BUFFER";
constexpr std::string_view kThetaInvalid = "THETA_INVALID_INPUT_SKETCH_BUFFER";
constexpr std::string_view kKllInvalid = "KLL_INVALID_INPUT_SKETCH_BUFFER";

template <class Sketch>
Result<Sketch> parsed(std::string_view bytes, std::string_view condition) {
  std::optional<Sketch> sketch = Sketch::parse(bytes);
  if (!sketch) return runtime_error(condition, "a BINARY is not a sketch of this kind");
  return std::move(*sketch);
}

std::string_view bytes_at(const KernelInput& input, std::size_t index, std::size_t row) {
  const Operand& operand = input.arguments[index];
  return operand.column.string_at(operand.index(row));
}

/// The first `num_sketches` arguments are sketches; the others keep their types.
void add_sketch_function(FunctionRegistry& registry, std::string name, std::string usage,
                         std::size_t num_sketches, std::size_t max_arguments, TypeKind result,
                         Kernel kernel) {
  ScalarFunction function;
  function.name = name;
  function.family = "sketch";
  function.usage = std::move(usage);
  function.min_arguments = num_sketches;
  function.max_arguments = max_arguments;
  function.resolve = [name, num_sketches, result, kernel = std::move(kernel)](
                         Arguments arguments, const SqlSettings&) -> Result<ResolvedFunction> {
    ResolvedFunction resolved;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const TypeKind kind = arguments[i].type.kind;
      if (i < num_sketches && kind != TypeKind::binary && kind != TypeKind::null)
        return wrong_argument(name, arguments, i, "the \"BINARY\" type");
      resolved.parameter_types.push_back(i < num_sketches ? primitive(TypeKind::binary)
                                                          : arguments[i].type);
    }
    resolved.type = primitive(result);
    resolved.kernel = kernel;
    return resolved;
  };
  registry.add(std::move(function));
}

template <class Sketch>
Kernel estimate_kernel(std::string_view condition) {
  return builder_kernel([condition](const KernelInput& input, ColumnBuilder& builder,
                                    std::size_t row) -> Result<void> {
    STREAM_TRY(const Sketch sketch, parsed<Sketch>(bytes_at(input, 0, row), condition));
    builder.append(sketch.estimate());
    return {};
  });
}

/// Two sketches into one by `join(left, right)`, which may fail.
template <class Sketch, class Join>
Kernel join_kernel(std::string_view condition, Join join) {
  return builder_kernel([condition, join](const KernelInput& input, ColumnBuilder& builder,
                                          std::size_t row) -> Result<void> {
    STREAM_TRY(Sketch left, parsed<Sketch>(bytes_at(input, 0, row), condition));
    STREAM_TRY(const Sketch right, parsed<Sketch>(bytes_at(input, 1, row), condition));
    STREAM_TRY(join(input, row, left, right));
    builder.append_string(left.bytes());
    return {};
  });
}

Result<void> unite_hll(const KernelInput& input, std::size_t row, HllSketch& left,
                       const HllSketch& right) {
  bool may_differ = false;
  if (input.arguments.size() > 2) {
    const Operand& flag = input.arguments[2];
    may_differ = flag.column.data<std::uint8_t>()[flag.index(row)] != 0;
  }
  if (left.lg_k() != right.lg_k() && !may_differ)
    return runtime_error("HLL_UNION_DIFFERENT_LG_K",
                         fmt::format("hll_union: sketches of lg_k {} and {}; allow it with true as "
                                     "the third argument",
                                     left.lg_k(), right.lg_k()));
  left.unite(right);
  return {};
}

void append_number(double value, TypeKind kind, ColumnBuilder& into) {
  switch (kind) {
    case TypeKind::int64:
      return into.append(static_cast<std::int64_t>(value));
    case TypeKind::float32:
      return into.append(static_cast<float>(value));
    default:
      return into.append(value);
  }
}

/// A sketch asked about one number or each of an array.
Result<void> append_answers(const KernelInput& input, ColumnBuilder& builder, std::size_t row,
                            bool is_rank, TypeKind result) {
  STREAM_TRY(const KllSketch sketch, parsed<KllSketch>(bytes_at(input, 0, row), kKllInvalid));
  const Operand& question = input.arguments[1];
  const bool is_array = question.column.type.kind == TypeKind::array;
  std::vector<double> numbers;
  if (is_array) {
    const ListRow list = list_at(question, row);
    for (std::size_t i = list.begin; i < list.end; ++i)
      numbers.push_back(list.elements().data<double>()[i]);
  } else {
    numbers.push_back(question.column.data<double>()[question.index(row)]);
  }
  if (sketch.count() == 0) {
    builder.append_null();
    return {};
  }
  for (const double number : numbers) {
    if (!is_rank && !(number >= 0 && number <= 1))
      return runtime_error("KLL_SKETCH_INVALID_QUANTILE_RANGE",
                           "a rank must be between 0.0 and 1.0");
    append_number(is_rank ? sketch.rank(number) : sketch.quantile(number),
                  is_rank ? TypeKind::float64 : result, is_array ? builder.child(0) : builder);
  }
  if (is_array) builder.append_array();
  return {};
}

void add_kll_question(FunctionRegistry& registry, std::string name, std::string usage, bool is_rank,
                      TypeKind result) {
  ScalarFunction function;
  function.name = name;
  function.family = "sketch";
  function.usage = std::move(usage);
  function.min_arguments = 2;
  function.max_arguments = 2;
  function.resolve = [name, is_rank, result](Arguments arguments,
                                             const SqlSettings&) -> Result<ResolvedFunction> {
    const DataType& question = arguments[1].type;
    const bool is_array = question.kind == TypeKind::array;
    const DataType number = primitive(TypeKind::float64);
    if (arguments[0].type.kind != TypeKind::binary)
      return wrong_argument(name, arguments, 0, "the \"BINARY\" type");
    if (!is_numeric(is_array ? element_of(question).kind : question.kind))
      return wrong_argument(name, arguments, 1, "a number or an array of numbers");
    ResolvedFunction resolved;
    resolved.parameter_types = {arguments[0].type, is_array ? array_of(number, false) : number};
    const DataType answer = primitive(is_rank ? TypeKind::float64 : result);
    resolved.type = is_array ? array_of(answer, false) : answer;
    resolved.kernel = builder_kernel(
        [is_rank, result](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
          return append_answers(input, builder, row, is_rank, result);
        });
    return resolved;
  };
  registry.add(std::move(function));
}

void add_kll_functions(FunctionRegistry& registry, std::string_view suffix, TypeKind kind) {
  const auto named = [suffix](std::string_view name) { return fmt::format("{}_{}", name, suffix); };
  add_sketch_function(registry, named("kll_sketch_get_n"),
                      named("kll_sketch_get_n") + "(sketch) - its values", 1, 1, TypeKind::int64,
                      builder_kernel([](const KernelInput& input, ColumnBuilder& builder,
                                        std::size_t row) -> Result<void> {
                        STREAM_TRY(const KllSketch sketch,
                                   parsed<KllSketch>(bytes_at(input, 0, row), kKllInvalid));
                        builder.append(sketch.count());
                        return {};
                      }));
  add_sketch_function(
      registry, named("kll_sketch_to_string"),
      named("kll_sketch_to_string") + "(sketch) - what it holds, as text", 1, 1, TypeKind::string,
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder,
                        std::size_t row) -> Result<void> {
        STREAM_TRY(const KllSketch sketch, parsed<KllSketch>(bytes_at(input, 0, row), kKllInvalid));
        builder.append_string(sketch.to_string());
        return {};
      }));
  add_sketch_function(registry, named("kll_sketch_merge"),
                      named("kll_sketch_merge") + "(a, b) - both as one", 2, 2, TypeKind::binary,
                      join_kernel<KllSketch>(kKllInvalid,
                                             [](const KernelInput&, std::size_t, KllSketch& left,
                                                const KllSketch& right) -> Result<void> {
                                               left.unite(right);
                                               return {};
                                             }));
  add_kll_question(registry, named("kll_sketch_get_quantile"),
                   named("kll_sketch_get_quantile") + "(sketch, rank) - the value of a rank", false,
                   kind);
  add_kll_question(registry, named("kll_sketch_get_rank"),
                   named("kll_sketch_get_rank") + "(sketch, x) - the share of values up to x", true,
                   kind);
}

/// theta_union and the like.
Kernel theta_kernel(void (ThetaSketch::*join)(const ThetaSketch&)) {
  return join_kernel<ThetaSketch>(kThetaInvalid,
                                  [join](const KernelInput&, std::size_t, ThetaSketch& left,
                                         const ThetaSketch& right) -> Result<void> {
                                    (left.*join)(right);
                                    return {};
                                  });
}

}  // namespace

void add_sketch_functions(FunctionRegistry& registry) {
  add_sketch_function(registry, "hll_sketch_estimate",
                      "hll_sketch_estimate(sketch) - about how many different values", 1, 1,
                      TypeKind::int64, estimate_kernel<HllSketch>(kHllInvalid));
  add_sketch_function(registry, "hll_union", "hll_union(a, b[, any_size]) - both as one", 2, 3,
                      TypeKind::binary, join_kernel<HllSketch>(kHllInvalid, unite_hll));
  add_sketch_function(registry, "theta_sketch_estimate",
                      "theta_sketch_estimate(sketch) - about how many different values", 1, 1,
                      TypeKind::int64, estimate_kernel<ThetaSketch>(kThetaInvalid));
  add_sketch_function(registry, "theta_union", "theta_union(a, b[, lg_k]) - what is in a or b", 2,
                      3, TypeKind::binary, theta_kernel(&ThetaSketch::unite));
  add_sketch_function(registry, "theta_intersection",
                      "theta_intersection(a, b) - what is in a and b", 2, 2, TypeKind::binary,
                      theta_kernel(&ThetaSketch::intersect));
  add_sketch_function(registry, "theta_difference", "theta_difference(a, b) - what is in a only", 2,
                      2, TypeKind::binary, theta_kernel(&ThetaSketch::subtract));
  add_kll_functions(registry, "bigint", TypeKind::int64);
  add_kll_functions(registry, "float", TypeKind::float32);
  add_kll_functions(registry, "double", TypeKind::float64);
}

}  // namespace stream
