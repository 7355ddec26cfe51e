#include <libstream/data/gather.hpp>
#include <libstream/expressions/functions/lambda_calls.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {

FlatLists flatten_lists(const KernelInput& input, std::size_t argument) {
  FlatLists flat;
  const Operand& operand = input.arguments[argument];
  flat.offsets.push_back(0);
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    if (input.is_active(row)) {
      const ListRow list = list_at(operand, row);
      for (std::size_t i = list.begin; i < list.end; ++i) {
        flat.entries.push_back(static_cast<std::uint32_t>(i));
        flat.outer.push_back(static_cast<std::uint32_t>(row));
      }
    }
    flat.offsets.push_back(static_cast<std::int64_t>(flat.entries.size()));
  }
  return flat;
}

Column entries_of(const KernelInput& input, std::size_t argument, std::size_t child,
                  const FlatLists& flat) {
  const Column& column = input.arguments[argument].column.children[child];
  bool is_whole = flat.entries.size() == column.num_rows;
  for (std::size_t i = 0; is_whole && i < flat.entries.size(); ++i) is_whole = flat.entries[i] == i;
  if (is_whole) return column;
  return gather(column, flat.entries, input.context.pool);
}

Column positions_of(const FlatLists& flat, BlockPool& pool) {
  ColumnBuilder builder(primitive(TypeKind::int32), pool);
  for (std::size_t row = 0; row + 1 < flat.offsets.size(); ++row) {
    for (std::int64_t i = flat.offsets[row]; i < flat.offsets[row + 1]; ++i)
      builder.append(static_cast<std::int32_t>(i - flat.offsets[row]));
  }
  return builder.finish();
}

Column lists_of(const DataType& type, const std::vector<std::int64_t>& offsets,
                std::vector<Column> children, BlockPool& pool) {
  Column lists;
  lists.type = type;
  lists.num_rows = offsets.size() - 1;
  const std::size_t bytes = offsets.size() * sizeof(std::int64_t);
  lists.values = pool.allocate(bytes);
  std::memcpy(lists.values.data(), offsets.data(), bytes);
  lists.children = std::move(children);
  return lists;
}

Result<Column> call_lambda(const LambdaCall& lambda, std::vector<Column> parameters,
                           const std::vector<std::uint32_t>& outer, const DataType& type,
                           BlockPool& pool) {
  if (outer.empty()) return ColumnBuilder(type, pool).finish();
  return lambda(std::move(parameters), outer);
}

Result<void> check_lambda(std::string_view function, Arguments arguments, std::size_t index) {
  if (arguments[index].is_lambda) return {};
  return analysis_error("INVALID_LAMBDA_FUNCTION_CALL.PARAMETER_DOES_NOT_ACCEPT_LAMBDA_FUNCTION",
                        fmt::format("{}: argument {} must be a lambda function, such as x -> x + 1",
                                    function, index + 1));
}

Result<void> check_predicate(std::string_view function, Arguments arguments, std::size_t index) {
  STREAM_TRY(check_lambda(function, arguments, index));
  const TypeKind kind = arguments[index].type.kind;
  if (kind == TypeKind::boolean || kind == TypeKind::null) return {};
  return wrong_argument(function, arguments, index, "the \"BOOLEAN\" type");
}

Error wrong_parameter_count(std::string_view function, std::size_t expected, std::size_t given) {
  return analysis_error(
      "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH",
      fmt::format("A higher order function expects {} arguments, but got {} ({}).", expected, given,
                  function));
}

Result<LambdaParameters> element_parameters(std::string_view function, Arguments known,
                                            std::size_t num_parameters, bool may_have_position) {
  STREAM_TRY(const DataType array, array_argument(function, known, 0));
  LambdaParameters parameters{{element_of(array), has_null_elements(array)}};
  if (may_have_position && num_parameters == 2)
    parameters.push_back({primitive(TypeKind::int32), false});
  if (parameters.size() != num_parameters)
    return wrong_parameter_count(function, 1, num_parameters);
  return parameters;
}

Result<LambdaParameters> entry_parameters(std::string_view function, Arguments known,
                                          std::size_t num_parameters) {
  STREAM_TRY(const DataType map, map_argument(function, known, 0));
  if (num_parameters != 2) return wrong_parameter_count(function, 2, num_parameters);
  return LambdaParameters{{map.children[0].type, false},
                          {map.children[1].type, map.children[1].is_nullable}};
}

}  // namespace stream
