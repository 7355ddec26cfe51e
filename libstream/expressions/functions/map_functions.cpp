// Maps: map, map_from_arrays, map_from_entries, map_concat, map_keys, map_values, map_entries,
// map_contains_key, str_to_map.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/map_building.hpp>
#include <libstream/expressions/functions/signature.hpp>
#include <libstream/expressions/java_regex.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

Result<ResolvedFunction> resolve_map(Arguments arguments, const SqlSettings& settings) {
  if (arguments.size() % 2 != 0)
    return analysis_error("WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                          fmt::format("The `map` requires 2n (n > 0) parameters but the actual "
                                      "number is {}.",
                                      arguments.size()));
  std::vector<Argument> keys;
  std::vector<Argument> values;
  bool has_null_values = false;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    keys.push_back(arguments[i]);
    values.push_back(arguments[i + 1]);
    has_null_values = has_null_values || arguments[i + 1].is_nullable;
  }
  const auto key = common_type(keys, 0, settings.is_ansi);
  if (!key)
    return analysis_error("DATATYPE_MISMATCH.CREATE_MAP_KEY_DIFF_TYPES",
                          "The given keys of function `map` should all be the same type.");
  const auto value = common_type(values, 0, settings.is_ansi);
  if (!value)
    return analysis_error("DATATYPE_MISMATCH.CREATE_MAP_VALUE_DIFF_TYPES",
                          "The given values of function `map` should all be the same type.");
  STREAM_TRY(check_key_type("map", *key));
  ResolvedFunction function;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    function.parameter_types.push_back(i % 2 == 0 ? *key : *value);
  function.type = map_of(*key, *value, has_null_values);
  function.is_nullable = false;
  function.nulls = NullHandling::custom;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        std::vector<EntryPlace> entries;
        for (std::size_t i = 0; i < input.arguments.size(); i += 2) {
          const Operand& k = input.arguments[i];
          const Operand& v = input.arguments[i + 1];
          entries.push_back({&k.column, k.index(row), &v.column, v.index(row)});
        }
        return append_map(builder, entries, input.context.settings);
      });
  return function;
}

Result<ResolvedFunction> resolve_from_arrays(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType keys, array_argument("map_from_arrays", arguments, 0));
  STREAM_TRY(const DataType values, array_argument("map_from_arrays", arguments, 1));
  STREAM_TRY(check_key_type("map_from_arrays", element_of(keys)));
  ResolvedFunction function;
  function.parameter_types = {keys, values};
  function.type = map_of(element_of(keys), element_of(values), has_null_elements(values));
  function.kernel = builder_kernel(
      [](const KernelInput& input, ColumnBuilder& builder, std::size_t row) -> Result<void> {
        const ListRow k = list_at(input.arguments[0], row);
        const ListRow v = list_at(input.arguments[1], row);
        if (k.size() != v.size())
          return runtime_error(
              "MISMATCHED_MAP_KEYS_AND_VALUES",
              fmt::format("map_from_arrays: {} keys, but {} values", k.size(), v.size()));
        std::vector<EntryPlace> entries;
        for (std::size_t i = 0; i < k.size(); ++i)
          entries.push_back({&k.elements(), k.begin + i, &v.elements(), v.begin + i});
        return append_map(builder, entries, input.context.settings);
      });
  return function;
}

Result<ResolvedFunction> resolve_from_entries(Arguments arguments, const SqlSettings&) {
  const DataType& type = arguments[0].type;
  const bool is_fit = type.kind == TypeKind::array &&
                      element_of(type).kind == TypeKind::structure &&
                      element_of(type).children.size() == 2;
  if (!is_fit)
    return wrong_argument("map_from_entries", arguments, 0, "an \"ARRAY\" of pair \"STRUCT\"");
  const std::vector<Field>& pair = element_of(type).children;
  STREAM_TRY(check_key_type("map_from_entries", pair[0].type));
  ResolvedFunction function;
  function.parameter_types = {type};
  function.type = map_of(pair[0].type, pair[1].type, pair[1].is_nullable);
  function.kernel = builder_kernel(
      [](const KernelInput& input, ColumnBuilder& builder, std::size_t row) -> Result<void> {
        const ListRow list = list_at(input.arguments[0], row);
        const Column& pairs = list.elements();
        std::vector<EntryPlace> entries;
        for (std::size_t i = list.begin; i < list.end; ++i) {
          if (pairs.is_null(i)) {
            builder.append_null();
            return {};
          }
          entries.push_back({&pairs.children[0], i, &pairs.children[1], i});
        }
        return append_map(builder, entries, input.context.settings);
      });
  return function;
}

Result<ResolvedFunction> resolve_concat(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction function;
  function.type = map_of(primitive(TypeKind::string), primitive(TypeKind::string), false);
  if (!arguments.empty()) {
    const auto type = common_type(arguments, 0, settings.is_ansi);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (arguments[i].type.kind != TypeKind::map && arguments[i].type.kind != TypeKind::null)
        return analysis_error("DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES",
                              "The `map_concat` should all be of type map.");
    }
    if (!type || type->kind != TypeKind::map)
      return analysis_error("DATATYPE_MISMATCH.DATA_DIFF_TYPES",
                            "Input to `map_concat` should all be the same type.");
    function.type = *type;
  }
  function.parameter_types.assign(arguments.size(), function.type);
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        std::vector<EntryPlace> entries;
        for (const Operand& argument : input.arguments) {
          const ListRow map = list_at(argument, row);
          for (std::size_t i = map.begin; i < map.end; ++i)
            entries.push_back({&map.elements(), i, &map.values(), i});
        }
        return append_map(builder, entries, input.context.settings);
      });
  return function;
}

/// map_keys and map_values: one child of the map.
Result<ResolvedFunction> resolve_side(std::string_view name, std::size_t side,
                                      Arguments arguments) {
  STREAM_TRY(const DataType map, map_argument(name, arguments, 0));
  ResolvedFunction function;
  function.parameter_types = {map};
  function.type = array_of(map.children[side].type, side == 1 && map.children[1].is_nullable);
  function.can_fail = false;
  function.kernel =
      builder_kernel([side](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow list = list_at(input.arguments[0], row);
        append_range(builder.child(0), list.column->children[side], list.begin, list.end);
        builder.append_array();
      });
  return function;
}

Result<ResolvedFunction> resolve_entries(Arguments arguments, const SqlSettings&) {
  STREAM_TRY(const DataType map, map_argument("map_entries", arguments, 0));
  ResolvedFunction function;
  function.parameter_types = {map};
  function.type =
      array_of(struct_of({{"key", map.children[0].type, false},
                          {"value", map.children[1].type, map.children[1].is_nullable}}),
               false);
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow list = list_at(input.arguments[0], row);
        for (std::size_t i = list.begin; i < list.end; ++i) {
          append_from(builder.child(0).child(0), list.elements(), i);
          append_from(builder.child(0).child(1), list.values(), i);
          builder.child(0).append_struct();
        }
        builder.append_array();
      });
  return function;
}

Result<ResolvedFunction> resolve_contains(Arguments arguments, const SqlSettings& settings) {
  if (arguments[1].type.kind == TypeKind::null)
    return analysis_error("DATATYPE_MISMATCH.NULL_TYPE",
                          "Null typed values cannot be used as arguments of `map_contains_key`.");
  if (arguments[0].type.kind != TypeKind::map && arguments[0].type.kind != TypeKind::null)
    return analysis_error(
        "DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES",
        "map_contains_key: the first argument must be a map, not " + arguments[0].type.to_string());
  STREAM_TRY(const DataType map, map_argument("map_contains_key", arguments, 0));
  const auto key = element_type(map.children[0].type, arguments[1].type, settings.is_ansi);
  if (!key)
    return analysis_error("DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES",
                          "map_contains_key: the key has another type than the map's keys");
  ResolvedFunction function;
  function.parameter_types = {map_of(*key, map.children[1].type, map.children[1].is_nullable),
                              *key};
  function.type = primitive(TypeKind::boolean);
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow entries = list_at(input.arguments[0], row);
        const Operand& key_operand = input.arguments[1];
        bool is_found = false;
        for (std::size_t i = entries.begin; i < entries.end && !is_found; ++i)
          is_found = equal_rows(entries.elements(), i, key_operand.column, key_operand.index(row));
        builder.append(static_cast<std::uint8_t>(is_found));
      });
  return function;
}

/// The parts of `text` between matches, at most `limit` (0: any number).
std::vector<std::string_view> split(std::string_view text, const JavaRegex& regex,
                                    std::size_t limit) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  std::size_t search = 0;
  JavaRegex::Groups groups;
  while ((limit == 0 || parts.size() + 1 < limit) && search <= text.size() &&
         regex.find(text, search, groups)) {
    const auto at = static_cast<std::size_t>(groups[0].data() - text.data());
    search = next_search(text, groups[0]);
    // An empty match at the very start cuts nothing off.
    if (groups[0].empty() && (at == 0 || at == text.size())) continue;
    parts.push_back(text.substr(begin, at - begin));
    begin = at + groups[0].size();
  }
  parts.push_back(text.substr(begin));
  return parts;
}

Result<void> append_text_map(std::string_view text, const JavaRegex& pairs, const JavaRegex& keys,
                             const KernelInput& input, ColumnBuilder& builder) {
  ColumnBuilder key_builder(primitive(TypeKind::string), input.context.pool);
  ColumnBuilder value_builder(primitive(TypeKind::string), input.context.pool);
  for (const std::string_view pair : split(text, pairs, 0)) {
    const std::vector<std::string_view> sides = split(pair, keys, 2);
    key_builder.append_string(sides[0]);
    if (sides.size() == 2) {
      value_builder.append_string(sides[1]);
    } else {
      value_builder.append_null();
    }
  }
  const Column key_column = key_builder.finish();
  const Column value_column = value_builder.finish();
  std::vector<EntryPlace> entries;
  for (std::size_t i = 0; i < key_column.num_rows; ++i)
    entries.push_back({&key_column, i, &value_column, i});
  return append_map(builder, entries, input.context.settings);
}

Result<ResolvedFunction> resolve_from_text(Arguments arguments, const SqlSettings&) {
  const DataType text = primitive(TypeKind::string);
  ResolvedFunction function;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    STREAM_TRY(exact_type("str_to_map", arguments, i, text));
    function.parameter_types.push_back(text);
  }
  function.type = map_of(text, text, true);
  function.kernel = [](const KernelInput& input) -> Result<Column> {
    ColumnBuilder builder(input.type, input.context.pool);
    const auto text_at = [&input](std::size_t index, std::size_t row) {
      const Operand& operand = input.arguments[index];
      return operand.column.string_at(operand.index(row));
    };
    std::string patterns[2] = {",", ":"};
    std::optional<JavaRegex> regexes[2];
    for (std::size_t row = 0; row < input.num_rows; ++row) {
      if (!input.is_active(row)) {
        builder.append_null();
        continue;
      }
      for (std::size_t i = 0; i < 2; ++i) {
        const std::string pattern = input.arguments.size() > i + 1
                                        ? std::string(text_at(i + 1, row))
                                        : std::string(i == 0 ? "," : ":");
        if (regexes[i] && patterns[i] == pattern) continue;
        STREAM_TRY(regexes[i], JavaRegex::compile(pattern, "str_to_map"));
        patterns[i] = pattern;
      }
      STREAM_TRY(append_text_map(text_at(0, row), *regexes[0], *regexes[1], input, builder));
    }
    return builder.finish();
  };
  return function;
}

}  // namespace

void add_map_functions(FunctionRegistry& registry) {
  registry.add(collection_function("map", "map", "map(key, value, …) - a map of the entries", 0,
                                   kAnyNumber, resolve_map));
  registry.add(collection_function("map_from_arrays", "map",
                                   "map_from_arrays(keys, values) - a map of both", 2, 2,
                                   resolve_from_arrays));
  registry.add(collection_function("map_from_entries", "map",
                                   "map_from_entries(array) - a map of an array's pairs", 1, 1,
                                   resolve_from_entries));
  registry.add(collection_function("map_concat", "map",
                                   "map_concat(map, …) - the entries of all maps", 0, kAnyNumber,
                                   resolve_concat));
  registry.add(collection_function("map_keys", "map", "map_keys(map) - the keys", 1, 1,
                                   [](Arguments arguments, const SqlSettings&) {
                                     return resolve_side("map_keys", 0, arguments);
                                   }));
  registry.add(collection_function("map_values", "map", "map_values(map) - the values", 1, 1,
                                   [](Arguments arguments, const SqlSettings&) {
                                     return resolve_side("map_values", 1, arguments);
                                   }));
  registry.add(collection_function("map_entries", "map", "map_entries(map) - an array of its pairs",
                                   1, 1, resolve_entries));
  registry.add(collection_function("map_contains_key", "map",
                                   "map_contains_key(map, key) - true when the key is there", 2, 2,
                                   resolve_contains));
  registry.add(collection_function(
      "str_to_map", "map", "str_to_map(text[, between pairs[, after keys]]) - the pairs of a text",
      1, 3, resolve_from_text));
}

}  // namespace stream
