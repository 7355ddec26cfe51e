// aggregate (reduce): folds an array with a function, element by element. All rows of a batch take
// one step at a time, those with the longest arrays last.
#include <libstream/data/gather.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/lambda_calls.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

/// Rows that count, the longest list first.
std::vector<std::uint32_t> rows_by_length(const KernelInput& input) {
  std::vector<std::uint32_t> rows;
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    if (input.is_active(row)) rows.push_back(static_cast<std::uint32_t>(row));
  }
  std::stable_sort(rows.begin(), rows.end(), [&input](std::uint32_t a, std::uint32_t b) {
    return list_at(input.arguments[0], a).size() > list_at(input.arguments[0], b).size();
  });
  return rows;
}

std::vector<std::uint32_t> first_numbers(std::size_t count) {
  std::vector<std::uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0u);
  return numbers;
}

/// Folded values, in the order of `rows`.
Result<Column> fold(const KernelInput& input, const std::vector<std::uint32_t>& rows,
                    const DataType& type) {
  BlockPool& pool = input.context.pool;
  const Operand& lists = input.arguments[0];
  const Operand& zero = input.arguments[1];
  std::vector<std::uint32_t> starts;
  for (const std::uint32_t row : rows)
    starts.push_back(static_cast<std::uint32_t>(zero.index(row)));
  Column folded = gather(zero.column, starts, pool);
  std::vector<Column> finished;  // shorter and shorter parts of the end
  std::size_t num_running = rows.size();
  for (std::size_t step = 0; num_running > 0; ++step) {
    std::size_t num_next = num_running;
    while (num_next > 0 && list_at(lists, rows[num_next - 1]).size() <= step) --num_next;
    if (num_next < num_running) {
      std::vector<std::uint32_t> done = first_numbers(num_running);
      done.erase(done.begin(), done.begin() + static_cast<std::ptrdiff_t>(num_next));
      finished.push_back(gather(folded, done, pool));
      folded = gather(folded, first_numbers(num_next), pool);
      num_running = num_next;
      if (num_running == 0) break;
    }
    std::vector<std::uint32_t> places;
    for (std::size_t i = 0; i < num_running; ++i)
      places.push_back(static_cast<std::uint32_t>(list_at(lists, rows[i]).begin + step));
    const std::vector<std::uint32_t> outer(rows.begin(),
                                           rows.begin() + static_cast<std::ptrdiff_t>(num_running));
    STREAM_TRY(folded,
               call_lambda(input.lambdas[0],
                           {std::move(folded), gather(lists.column.children[0], places, pool)},
                           outer, type, pool));
  }
  ColumnBuilder builder(type, pool);
  for (auto part = finished.rbegin(); part != finished.rend(); ++part)
    append_range(builder, *part, 0, part->num_rows);
  return builder.finish();
}

Result<Column> reduce(const KernelInput& input) {
  BlockPool& pool = input.context.pool;
  const std::vector<std::uint32_t> rows = rows_by_length(input);
  STREAM_TRY(Column results, fold(input, rows, input.arguments[1].type()));
  if (input.lambdas.size() == 2) {
    STREAM_TRY(results,
               call_lambda(input.lambdas[1], {std::move(results)}, rows, input.type, pool));
  }
  std::vector<std::uint32_t> place_of(input.num_rows, 0);
  for (std::size_t i = 0; i < rows.size(); ++i) place_of[rows[i]] = static_cast<std::uint32_t>(i);
  ColumnBuilder builder(input.type, pool);
  adopt_texts(builder, results);
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    if (input.is_active(row)) {
      append_from(builder, results, place_of[row]);
    } else {
      builder.append_null();
    }
  }
  return builder.finish();
}

/// NULL as the start value is allowed; the array alone decides which rows count.
Result<Column> reduce_from_null(const KernelInput& input) {
  const Operand& lists = input.arguments[0];
  BlockRef active = input.context.pool.allocate((input.num_rows + 7) / 8);
  std::memset(active.data(), 0, active.capacity());
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    if (lists.column.type.kind != TypeKind::null && !lists.is_null(row))
      active.data()[row >> 3] |= static_cast<char>(1u << (row & 7));
  }
  const KernelInput with_active{input.arguments, input.lambdas, input.num_rows,
                                input.type,      input.context, active};
  return reduce(with_active);
}

Result<ResolvedFunction> resolve_reduce(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType array, array_argument("aggregate", arguments, 0));
  STREAM_TRY(check_lambda("aggregate", arguments, 2));
  const DataType& zero = arguments[1].type;
  if (!is_same_type(zero, arguments[2].type))
    return analysis_error(
        "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
        fmt::format("aggregate: the function must give \"{}\" like the start value, not \"{}\".",
                    zero.to_string(), arguments[2].type.to_string()));
  ResolvedFunction function;
  function.parameter_types = {array, zero, arguments[2].type};
  function.type = zero;
  if (arguments.size() == 4) {
    STREAM_TRY(check_lambda("aggregate", arguments, 3));
    function.type = arguments[3].type;
    function.parameter_types.push_back(arguments[3].type);
  }
  function.nulls = NullHandling::custom;
  function.kernel = reduce_from_null;
  return function;
}

Result<LambdaParameters> reduce_parameters(Arguments known, std::size_t index,
                                           std::size_t num_parameters) {
  if (index < 2) return wrong_parameter_count("aggregate", 0, num_parameters);
  STREAM_TRY(const DataType array, array_argument("aggregate", known, 0));
  LambdaParameters parameters{{known[1].type, true}};
  if (index == 2) parameters.push_back({element_of(array), has_null_elements(array)});
  if (parameters.size() != num_parameters)
    return wrong_parameter_count("aggregate", parameters.size(), num_parameters);
  return parameters;
}

}  // namespace

void add_reduce_functions(FunctionRegistry& registry) {
  ScalarFunction function;
  function.name = "aggregate";
  function.family = "lambda";
  function.usage =
      "aggregate(array, start, (folded, x) -> …[, folded -> …]) - the elements folded into one";
  function.min_arguments = 3;
  function.max_arguments = 4;
  function.resolve = resolve_reduce;
  function.lambda_parameters = reduce_parameters;
  registry.add(function);
  function.name = "reduce";
  registry.add(std::move(function));
}

}  // namespace stream
