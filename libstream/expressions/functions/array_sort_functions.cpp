// array_sort, with and without a comparison function.
#include <libstream/data/gather.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/lambda_calls.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace stream {
namespace {

using Places = std::vector<std::uint32_t>;

/// Answers of the comparison function for elements of one row. For short arrays all pairs are asked
/// at once, for long ones a pair at a time.
class Comparator {
 public:
  Comparator(const KernelInput& input, std::uint32_t row, const Places& elements)
      : input_(input), row_(row), elements_(elements) {}

  Result<void> prepare() {
    if (elements_.size() > kAllPairsMax) return {};
    Places left;
    Places right;
    for (const std::uint32_t a : elements_) {
      for (const std::uint32_t b : elements_) {
        left.push_back(a);
        right.push_back(b);
      }
    }
    STREAM_TRY(answers_, ask(left, right));
    return {};
  }

  /// Is element b to stand before element a, both by number in the row?
  Result<bool> is_after(std::size_t a, std::size_t b) const {
    if (elements_.size() <= kAllPairsMax) return judge(answers_, a * elements_.size() + b);
    STREAM_TRY(const Column answer, ask({elements_[a]}, {elements_[b]}));
    return judge(answer, 0);
  }

 private:
  static constexpr std::size_t kAllPairsMax = 32;

  Result<Column> ask(const Places& left, const Places& right) const {
    const Column& column = input_.arguments[0].column.children[0];
    BlockPool& pool = input_.context.pool;
    return input_.lambdas[0]({gather(column, left, pool), gather(column, right, pool)},
                             Places(left.size(), row_));
  }
  static Result<bool> judge(const Column& answers, std::size_t i) {
    if (answers.is_null(i))
      return runtime_error("COMPARATOR_RETURNS_NULL",
                           "array_sort: the comparison function gave NULL; it must give a negative "
                           "number, 0 or a positive one");
    return answers.data<std::int32_t>()[i] > 0;
  }

  const KernelInput& input_;
  std::uint32_t row_;
  const Places& elements_;
  Column answers_;
};

/// Merge sort of the numbers 0 … n − 1, stable; gives back the order.
Result<Places> sorted(const Comparator& comparator, std::size_t size) {
  Places order(size);
  std::iota(order.begin(), order.end(), 0u);
  Places merged(size);
  for (std::size_t width = 1; width < size; width *= 2) {
    for (std::size_t begin = 0; begin < size; begin += 2 * width) {
      const std::size_t middle = std::min(begin + width, size);
      const std::size_t end = std::min(begin + 2 * width, size);
      std::size_t left = begin;
      std::size_t right = middle;
      for (std::size_t i = begin; i < end; ++i) {
        bool takes_right = left == middle;
        if (left < middle && right < end) {
          STREAM_TRY(takes_right, comparator.is_after(order[left], order[right]));
        }
        merged[i] = takes_right ? order[right++] : order[left++];
      }
    }
    order.swap(merged);
  }
  return order;
}

Result<void> append_sorted_by(const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
  const ListRow list = list_at(input.arguments[0], row);
  Places elements(list.size());
  std::iota(elements.begin(), elements.end(), static_cast<std::uint32_t>(list.begin));
  if (elements.size() > 1) {
    Comparator comparator(input, static_cast<std::uint32_t>(row), elements);
    STREAM_TRY(comparator.prepare());
    STREAM_TRY(const Places order, sorted(comparator, elements.size()));
    for (const std::uint32_t i : order) append_from(builder.child(0), list.elements(), elements[i]);
  } else {
    append_range(builder.child(0), list.elements(), list.begin, list.end);
  }
  builder.append_array();
  return {};
}

/// In the order of the values, NULLs last.
void append_sorted(const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
  const ListRow list = list_at(input.arguments[0], row);
  const Column& elements = list.elements();
  Places order(list.size());
  std::iota(order.begin(), order.end(), static_cast<std::uint32_t>(list.begin));
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (elements.is_null(a) || elements.is_null(b)) return !elements.is_null(a);
    return compare_rows(elements, a, elements, b) < 0;
  });
  for (const std::uint32_t i : order) append_from(builder.child(0), elements, i);
  builder.append_array();
}

Result<ResolvedFunction> resolve_array_sort(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType array, array_argument("array_sort", arguments, 0));
  ResolvedFunction function;
  function.parameter_types = {array};
  function.type = array;
  if (arguments.size() == 2) {
    STREAM_TRY(check_lambda("array_sort", arguments, 1));
    if (arguments[1].type.kind != TypeKind::int32)
      return analysis_error(
          "DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE",
          fmt::format("The `array_sort` requires return \"INT\" type, but the actual is \"{}\" "
                      "type.",
                      arguments[1].type.to_string()));
    function.parameter_types.push_back(arguments[1].type);
    function.kernel = builder_kernel(append_sorted_by);
    return function;
  }
  if (!is_orderable(element_of(array)))
    return analysis_error(
        "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
        fmt::format("`array_sort` does not support ordering on type \"{}\".", array.to_string()));
  function.can_fail = false;
  function.kernel = builder_kernel(append_sorted);
  return function;
}

}  // namespace

void add_array_sort_functions(FunctionRegistry& registry) {
  ScalarFunction function;
  function.name = "array_sort";
  function.family = "lambda";
  function.usage =
      "array_sort(array[, (a, b) -> …]) - the elements in order, NULL last, or as the function "
      "says";
  function.min_arguments = 1;
  function.max_arguments = 2;
  function.resolve = resolve_array_sort;
  function.lambda_parameters = [](Arguments known, std::size_t,
                                  std::size_t num_parameters) -> Result<LambdaParameters> {
    STREAM_TRY(const DataType array, array_argument("array_sort", known, 0));
    if (num_parameters != 2) return wrong_parameter_count("array_sort", 2, num_parameters);
    const LambdaParameter element{element_of(array), has_null_elements(array)};
    return LambdaParameters{element, element};
  };
  registry.add(std::move(function));
}

}  // namespace stream
