// Functions that take a function over elements or entries: transform, filter, exists, forall,
// zip_with, transform_keys, transform_values, map_filter, map_zip_with. The lambda is called once
// a batch, for the entries of all rows.
#include <libstream/data/gather.hpp>
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/lambda_calls.hpp>
#include <libstream/expressions/functions/map_building.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

Result<Column> call_on_elements(const KernelInput& input, const FlatLists& flat,
                                const DataType& type) {
  BlockPool& pool = input.context.pool;
  return call_lambda(input.lambdas[0], {entries_of(input, 0, 0, flat), positions_of(flat, pool)},
                     flat.outer, type, pool);
}
Result<Column> call_on_entries(const KernelInput& input, const FlatLists& flat,
                               const DataType& type) {
  return call_lambda(input.lambdas[0],
                     {entries_of(input, 0, 0, flat), entries_of(input, 0, 1, flat)}, flat.outer,
                     type, input.context.pool);
}

/// The entries for which the lambda gave true, in lists of the given type.
Column kept_entries(const KernelInput& input, const FlatLists& flat, const Column& condition) {
  BlockPool& pool = input.context.pool;
  std::vector<std::uint32_t> kept;
  std::vector<std::int64_t> offsets{0};
  for (std::size_t row = 0; row + 1 < flat.offsets.size(); ++row) {
    for (auto i = static_cast<std::size_t>(flat.offsets[row]);
         i < static_cast<std::size_t>(flat.offsets[row + 1]); ++i) {
      if (is_true(condition, i)) kept.push_back(flat.entries[i]);
    }
    offsets.push_back(static_cast<std::int64_t>(kept.size()));
  }
  std::vector<Column> children;
  for (const Column& child : input.arguments[0].column.children)
    children.push_back(gather(child, kept, pool));
  return lists_of(input.type, offsets, std::move(children), pool);
}

Result<ResolvedFunction> resolve_transform(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType array, array_argument("transform", arguments, 0));
  STREAM_TRY(check_lambda("transform", arguments, 1));
  ResolvedFunction function;
  function.parameter_types = {array, arguments[1].type};
  function.type = array_of(arguments[1].type, arguments[1].is_nullable);
  function.kernel = [](const KernelInput& input) -> Result<Column> {
    const FlatLists flat = flatten_lists(input, 0);
    STREAM_TRY(Column results, call_on_elements(input, flat, element_of(input.type)));
    std::vector<Column> children;
    children.push_back(std::move(results));
    return lists_of(input.type, flat.offsets, std::move(children), input.context.pool);
  };
  return function;
}

Result<ResolvedFunction> resolve_filter(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType array, array_argument("filter", arguments, 0));
  STREAM_TRY(check_predicate("filter", arguments, 1));
  ResolvedFunction function;
  function.parameter_types = {array, arguments[1].type};
  function.type = array;
  function.kernel = [](const KernelInput& input) -> Result<Column> {
    const FlatLists flat = flatten_lists(input, 0);
    STREAM_TRY(const Column condition, call_on_elements(input, flat, primitive(TypeKind::boolean)));
    return kept_entries(input, flat, condition);
  };
  return function;
}

/// exists (decisive = true) and forall (decisive = false): one decisive answer decides, else one
/// NULL makes NULL.
Result<ResolvedFunction> resolve_quantifier(std::string_view name, bool decisive,
                                            Arguments arguments) {
  STREAM_TRY(const DataType array, array_argument(name, arguments, 0));
  STREAM_TRY(check_predicate(name, arguments, 1));
  ResolvedFunction function;
  function.parameter_types = {array, arguments[1].type};
  function.type = primitive(TypeKind::boolean);
  function.kernel = [decisive](const KernelInput& input) -> Result<Column> {
    const FlatLists flat = flatten_lists(input, 0);
    STREAM_TRY(const Column condition, call_on_elements(input, flat, primitive(TypeKind::boolean)));
    ColumnBuilder builder(input.type, input.context.pool);
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      bool is_decided = false;
      bool has_null = false;
      for (auto i = static_cast<std::size_t>(flat.offsets[row]);
           i < static_cast<std::size_t>(flat.offsets[row + 1]) && !is_decided; ++i) {
        if (condition.is_null(i)) {
          has_null = true;
        } else {
          is_decided = is_true(condition, i) == decisive;
        }
      }
      if (has_null && !is_decided) {
        builder.append_null();
      } else {
        builder.append(static_cast<std::uint8_t>(is_decided == decisive));
      }
    }
    return builder.finish();
  };
  return function;
}

/// Elements of two lists side by side, nulls where one is shorter.
struct Paired {
  std::vector<std::uint32_t> outer;
  std::vector<std::int64_t> offsets{0};
  Column left;
  Column right;
};
Paired pair_up(const KernelInput& input) {
  Paired paired;
  ColumnBuilder left(element_of(input.arguments[0].type()), input.context.pool);
  ColumnBuilder right(element_of(input.arguments[1].type()), input.context.pool);
  const auto append = [](ColumnBuilder& into, const ListRow& list, std::size_t i) {
    if (i < list.size()) {
      append_from(into, list.elements(), list.begin + i);
    } else {
      into.append_null();
    }
  };
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    if (input.is_active(row)) {
      const ListRow a = list_at(input.arguments[0], row);
      const ListRow b = list_at(input.arguments[1], row);
      for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
        append(left, a, i);
        append(right, b, i);
        paired.outer.push_back(static_cast<std::uint32_t>(row));
      }
    }
    paired.offsets.push_back(static_cast<std::int64_t>(paired.outer.size()));
  }
  paired.left = left.finish();
  paired.right = right.finish();
  return paired;
}

Result<ResolvedFunction> resolve_zip_with(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType left, array_argument("zip_with", arguments, 0));
  STREAM_TRY(const DataType right, array_argument("zip_with", arguments, 1));
  STREAM_TRY(check_lambda("zip_with", arguments, 2));
  ResolvedFunction function;
  function.parameter_types = {left, right, arguments[2].type};
  function.type = array_of(arguments[2].type, arguments[2].is_nullable);
  function.kernel = [](const KernelInput& input) -> Result<Column> {
    Paired paired = pair_up(input);
    STREAM_TRY(Column results,
               call_lambda(input.lambdas[0], {std::move(paired.left), std::move(paired.right)},
                           paired.outer, element_of(input.type), input.context.pool));
    std::vector<Column> children;
    children.push_back(std::move(results));
    return lists_of(input.type, paired.offsets, std::move(children), input.context.pool);
  };
  return function;
}

Result<ResolvedFunction> resolve_transform_values(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType map, map_argument("transform_values", arguments, 0));
  STREAM_TRY(check_lambda("transform_values", arguments, 1));
  ResolvedFunction function;
  function.parameter_types = {map, arguments[1].type};
  function.type = map_of(map.children[0].type, arguments[1].type, arguments[1].is_nullable);
  function.kernel = [](const KernelInput& input) -> Result<Column> {
    const FlatLists flat = flatten_lists(input, 0);
    STREAM_TRY(Column values, call_on_entries(input, flat, input.type.children[1].type));
    std::vector<Column> children;
    children.push_back(entries_of(input, 0, 0, flat));
    children.push_back(std::move(values));
    return lists_of(input.type, flat.offsets, std::move(children), input.context.pool);
  };
  return function;
}

Result<ResolvedFunction> resolve_transform_keys(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType map, map_argument("transform_keys", arguments, 0));
  STREAM_TRY(check_lambda("transform_keys", arguments, 1));
  STREAM_TRY(check_key_type("transform_keys", arguments[1].type));
  ResolvedFunction function;
  function.parameter_types = {map, arguments[1].type};
  function.type = map_of(arguments[1].type, map.children[1].type, map.children[1].is_nullable);
  function.kernel = [](const KernelInput& input) -> Result<Column> {
    const FlatLists flat = flatten_lists(input, 0);
    STREAM_TRY(const Column keys, call_on_entries(input, flat, input.type.children[0].type));
    const Column& values = input.arguments[0].column.children[1];
    ColumnBuilder builder(input.type, input.context.pool);
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      std::vector<EntryPlace> entries;
      for (auto i = static_cast<std::size_t>(flat.offsets[row]);
           i < static_cast<std::size_t>(flat.offsets[row + 1]); ++i)
        entries.push_back({&keys, i, &values, flat.entries[i]});
      STREAM_TRY(append_map(builder, entries, input.context.settings));
    }
    return builder.finish();
  };
  return function;
}

Result<ResolvedFunction> resolve_map_filter(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType map, map_argument("map_filter", arguments, 0));
  STREAM_TRY(check_predicate("map_filter", arguments, 1));
  ResolvedFunction function;
  function.parameter_types = {map, arguments[1].type};
  function.type = map;
  function.kernel = [](const KernelInput& input) -> Result<Column> {
    const FlatLists flat = flatten_lists(input, 0);
    STREAM_TRY(const Column condition, call_on_entries(input, flat, primitive(TypeKind::boolean)));
    return kept_entries(input, flat, condition);
  };
  return function;
}

/// The keys of two maps, those of the first first, with both maps' values.
struct JoinedMaps {
  std::vector<std::uint32_t> outer;
  std::vector<std::int64_t> offsets{0};
  std::vector<Column> columns;  ///< key, left value, right value
};
JoinedMaps join_maps(const KernelInput& input) {
  JoinedMaps joined;
  const DataType& left_type = input.arguments[0].type();
  const DataType& right_type = input.arguments[1].type();
  ColumnBuilder keys(left_type.children[0].type, input.context.pool);
  ColumnBuilder left(left_type.children[1].type, input.context.pool);
  ColumnBuilder right(right_type.children[1].type, input.context.pool);
  const auto append_value_of = [](ColumnBuilder& into, const ListRow& map, const Column& wanted,
                                  std::size_t row) {
    for (std::size_t i = map.begin; i < map.end; ++i) {
      if (equal_rows(map.elements(), i, wanted, row)) {
        append_from(into, map.values(), i);
        return true;
      }
    }
    into.append_null();
    return false;
  };
  for (std::size_t row = 0; row < input.num_rows; ++row) {
    if (input.is_active(row)) {
      const ListRow a = list_at(input.arguments[0], row);
      const ListRow b = list_at(input.arguments[1], row);
      for (std::size_t i = a.begin; i < a.end; ++i) {
        append_from(keys, a.elements(), i);
        append_from(left, a.values(), i);
        append_value_of(right, b, a.elements(), i);
        joined.outer.push_back(static_cast<std::uint32_t>(row));
      }
      ElementSet known;
      for (std::size_t i = a.begin; i < a.end; ++i) known.insert(a.elements(), i);
      for (std::size_t i = b.begin; i < b.end; ++i) {
        if (known.contains(b.elements(), i)) continue;
        append_from(keys, b.elements(), i);
        left.append_null();
        append_from(right, b.values(), i);
        joined.outer.push_back(static_cast<std::uint32_t>(row));
      }
    }
    joined.offsets.push_back(static_cast<std::int64_t>(joined.outer.size()));
  }
  joined.columns.push_back(keys.finish());
  joined.columns.push_back(left.finish());
  joined.columns.push_back(right.finish());
  return joined;
}

Result<ResolvedFunction> resolve_map_zip_with(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType left, map_argument("map_zip_with", arguments, 0));
  STREAM_TRY(const DataType right, map_argument("map_zip_with", arguments, 1));
  STREAM_TRY(check_lambda("map_zip_with", arguments, 2));
  if (!is_same_type(left.children[0].type, right.children[0].type))
    return analysis_error("DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES",
                          fmt::format("Input to the `map_zip_with` should have been two \"MAP\"s "
                                      "with compatible key types, but it's [\"{}\", \"{}\"].",
                                      left.to_string(), right.to_string()));
  ResolvedFunction function;
  function.parameter_types = {left, right, arguments[2].type};
  function.type = map_of(left.children[0].type, arguments[2].type, arguments[2].is_nullable);
  function.kernel = [](const KernelInput& input) -> Result<Column> {
    const JoinedMaps joined = join_maps(input);
    STREAM_TRY(Column values, call_lambda(input.lambdas[0], joined.columns, joined.outer,
                                          input.type.children[1].type, input.context.pool));
    std::vector<Column> children;
    children.push_back(joined.columns[0]);
    children.push_back(std::move(values));
    return lists_of(input.type, joined.offsets, std::move(children), input.context.pool);
  };
  return function;
}

using ResolveLambda = std::function<Result<ResolvedFunction>(Arguments, const SqlSettings&)>;
using Parameters = std::function<Result<LambdaParameters>(Arguments, std::size_t, std::size_t)>;

void add_lambda(FunctionRegistry& registry, std::string name, std::string family, std::string usage,
                std::size_t num_arguments, ResolveLambda resolve, Parameters parameters) {
  ScalarFunction function;
  function.name = std::move(name);
  function.family = std::move(family);
  function.usage = std::move(usage);
  function.min_arguments = num_arguments;
  function.max_arguments = num_arguments;
  function.resolve = std::move(resolve);
  function.lambda_parameters = std::move(parameters);
  registry.add(std::move(function));
}

Parameters over_elements(std::string name, bool may_have_position) {
  return [name = std::move(name), may_have_position](Arguments known, std::size_t,
                                                     std::size_t num_parameters) {
    return element_parameters(name, known, num_parameters, may_have_position);
  };
}
Parameters over_entries(std::string name) {
  return [name = std::move(name)](Arguments known, std::size_t, std::size_t num_parameters) {
    return entry_parameters(name, known, num_parameters);
  };
}

Result<LambdaParameters> zip_parameters(Arguments known, std::size_t, std::size_t num_parameters) {
  if (known.size() < 2 || num_parameters != 2)
    return wrong_parameter_count("zip_with", 2, num_parameters);
  STREAM_TRY(const DataType left, array_argument("zip_with", known, 0));
  STREAM_TRY(const DataType right, array_argument("zip_with", known, 1));
  return LambdaParameters{{element_of(left), true}, {element_of(right), true}};
}

Result<LambdaParameters> map_zip_parameters(Arguments known, std::size_t,
                                            std::size_t num_parameters) {
  if (known.size() < 2 || num_parameters != 3)
    return wrong_parameter_count("map_zip_with", 3, num_parameters);
  STREAM_TRY(const DataType left, map_argument("map_zip_with", known, 0));
  STREAM_TRY(const DataType right, map_argument("map_zip_with", known, 1));
  return LambdaParameters{{left.children[0].type, false},
                          {left.children[1].type, true},
                          {right.children[1].type, true}};
}

}  // namespace

void add_lambda_functions(FunctionRegistry& registry) {
  add_lambda(registry, "transform", "lambda",
             "transform(array, x -> …) - what the function gives for each element", 2,
             resolve_transform, over_elements("transform", true));
  add_lambda(registry, "filter", "lambda",
             "filter(array, x -> …) - the elements for which the condition is true", 2,
             resolve_filter, over_elements("filter", true));
  add_lambda(
      registry, "exists", "lambda", "exists(array, x -> …) - true for at least one element", 2,
      [](Arguments arguments, const SqlSettings&) {
        return resolve_quantifier("exists", true, arguments);
      },
      over_elements("exists", false));
  add_lambda(
      registry, "forall", "lambda", "forall(array, x -> …) - true for every element", 2,
      [](Arguments arguments, const SqlSettings&) {
        return resolve_quantifier("forall", false, arguments);
      },
      over_elements("forall", false));
  add_lambda(registry, "zip_with", "lambda",
             "zip_with(a, b, (x, y) -> …) - what the function gives for elements side by side", 3,
             resolve_zip_with, zip_parameters);
  add_lambda(registry, "transform_values", "lambda",
             "transform_values(map, (k, v) -> …) - the map with other values", 2,
             resolve_transform_values, over_entries("transform_values"));
  add_lambda(registry, "transform_keys", "lambda",
             "transform_keys(map, (k, v) -> …) - the map with other keys", 2,
             resolve_transform_keys, over_entries("transform_keys"));
  add_lambda(registry, "map_filter", "lambda",
             "map_filter(map, (k, v) -> …) - the entries for which the condition is true", 2,
             resolve_map_filter, over_entries("map_filter"));
  add_lambda(registry, "map_zip_with", "lambda",
             "map_zip_with(a, b, (k, x, y) -> …) - a map of the keys of both", 3,
             resolve_map_zip_with, map_zip_parameters);
}

}  // namespace stream
