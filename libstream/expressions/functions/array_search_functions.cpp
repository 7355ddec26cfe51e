// What is in an array: array_contains, array_position, array_max, array_min, arrays_overlap, and
// sizes and elements of arrays and maps.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/collections.hpp>
#include <libstream/expressions/type_coercion.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

bool is_element(const ListRow& list, std::size_t i, const Operand& value, std::size_t row) {
  return !list.elements().is_null(i) &&
         equal_rows(list.elements(), i, value.column, value.index(row));
}

/// The parameters of a search for argument 1 in array 0.
Result<std::vector<DataType>> search_types(std::string_view name, Arguments arguments,
                                           const SqlSettings& settings) {
  if (arguments[0].type.kind == TypeKind::null || arguments[1].type.kind == TypeKind::null)
    return analysis_error(
        "DATATYPE_MISMATCH.NULL_TYPE",
        fmt::format("Null typed values cannot be used as arguments of `{}`.", name));
  STREAM_TRY(const DataType array, array_argument(name, arguments, 0));
  const auto element = element_type(element_of(array), arguments[1].type, settings.is_ansi);
  if (!element) return different_types(name, arguments);
  return std::vector<DataType>{array_of(*element, has_null_elements(array)), *element};
}

Result<ResolvedFunction> resolve_contains(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction function;
  STREAM_TRY(function.parameter_types, search_types("array_contains", arguments, settings));
  if (!is_orderable(function.parameter_types[1]))
    return analysis_error("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                          "array_contains: the elements have no order");
  function.type = primitive(TypeKind::boolean);
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow list = list_at(input.arguments[0], row);
        bool has_null = false;
        for (std::size_t i = list.begin; i < list.end; ++i) {
          if (is_element(list, i, input.arguments[1], row)) return builder.append(std::uint8_t{1});
          has_null = has_null || list.elements().is_null(i);
        }
        if (has_null) return builder.append_null();
        builder.append(std::uint8_t{0});
      });
  return function;
}

Result<ResolvedFunction> resolve_position(Arguments arguments, const SqlSettings& settings) {
  ResolvedFunction function;
  STREAM_TRY(function.parameter_types, search_types("array_position", arguments, settings));
  function.type = primitive(TypeKind::int64);
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow list = list_at(input.arguments[0], row);
        std::int64_t position = 0;
        for (std::size_t i = list.begin; i < list.end && position == 0; ++i) {
          if (is_element(list, i, input.arguments[1], row))
            position = static_cast<std::int64_t>(i - list.begin) + 1;
        }
        builder.append(position);
      });
  return function;
}

/// array_min (sign = 1) and array_max (sign = -1); NULLs do not count.
Result<ResolvedFunction> resolve_extreme(std::string_view name, int sign, Arguments arguments) {
  STREAM_TRY(const DataType array, array_argument(name, arguments, 0));
  if (!is_orderable(element_of(array)))
    return analysis_error(
        "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
        fmt::format("`{}` does not support ordering on type \"{}\".", name, array.to_string()));
  ResolvedFunction function;
  function.parameter_types = {array};
  function.type = element_of(array);
  function.can_fail = false;
  function.kernel =
      builder_kernel([sign](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow list = list_at(input.arguments[0], row);
        const Column& elements = list.elements();
        std::optional<std::size_t> best;
        for (std::size_t i = list.begin; i < list.end; ++i) {
          if (elements.is_null(i)) continue;
          if (!best || sign * compare_rows(elements, i, elements, *best) < 0) best = i;
        }
        if (!best) return builder.append_null();
        append_from(builder, elements, *best);
      });
  return function;
}

Result<ResolvedFunction> resolve_size(std::string_view name, bool is_array_only, bool counts_null,
                                      Arguments arguments) {
  const TypeKind kind = arguments[0].type.kind;
  if (kind != TypeKind::array && kind != TypeKind::null && (is_array_only || kind != TypeKind::map))
    return wrong_argument(name, arguments, 0,
                          is_array_only ? "the \"ARRAY\" type" : "the (\"ARRAY\" or \"MAP\") type");
  ResolvedFunction function;
  function.parameter_types = {arguments[0].type};
  function.type = primitive(TypeKind::int32);
  function.nulls = NullHandling::custom;
  function.is_nullable = !counts_null && arguments[0].is_nullable;
  function.can_fail = false;
  function.kernel = builder_kernel(
      [counts_null](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const Operand& list = input.arguments[0];
        if (list.column.type.kind != TypeKind::null && !list.is_null(row)) {
          builder.append(static_cast<std::int32_t>(list_at(list, row).size()));
        } else if (counts_null) {
          builder.append(std::int32_t{-1});
        } else {
          builder.append_null();
        }
      });
  return function;
}

/// Without ANSI the size of NULL is -1, unless spark.sql.legacy.sizeOfNull says otherwise.
Result<ResolvedFunction> resolve_any_size(Arguments arguments, const SqlSettings& settings) {
  const bool counts_null =
      !settings.is_ansi && settings.get_flag("spark.sql.legacy.sizeOfNull", true);
  return resolve_size("size", false, counts_null, arguments);
}

Result<ResolvedFunction> resolve_overlap(Arguments arguments, const SqlSettings& settings) {
  STREAM_TRY(check_two_arrays("arrays_overlap", arguments));
  const DataType& left = arguments[0].type;
  const DataType& right = arguments[1].type;
  const auto element = element_type(element_of(left), element_of(right), settings.is_ansi);
  if (!element) return different_arrays("arrays_overlap", arguments);
  ResolvedFunction function;
  function.parameter_types = {array_of(*element, has_null_elements(left)),
                              array_of(*element, has_null_elements(right))};
  function.type = primitive(TypeKind::boolean);
  function.can_fail = false;
  function.kernel =
      builder_kernel([](const KernelInput& input, ColumnBuilder& builder, std::size_t row) {
        const ListRow a = list_at(input.arguments[0], row);
        const ListRow b = list_at(input.arguments[1], row);
        bool has_null = false;
        ElementSet set;
        for (std::size_t i = a.begin; i < a.end; ++i) {
          if (a.elements().is_null(i)) {
            has_null = true;
          } else {
            set.insert(a.elements(), i);
          }
        }
        for (std::size_t i = b.begin; i < b.end; ++i) {
          if (b.elements().is_null(i)) {
            has_null = true;
          } else if (set.contains(b.elements(), i)) {
            return builder.append(std::uint8_t{1});
          }
        }
        if (has_null && a.size() > 0 && b.size() > 0) return builder.append_null();
        builder.append(std::uint8_t{0});
      });
  return function;
}

}  // namespace

void add_array_search_functions(FunctionRegistry& registry) {
  registry.add(collection_function("array_contains", "array",
                                   "array_contains(array, x) - true when x is an element", 2, 2,
                                   resolve_contains));
  registry.add(
      collection_function("array_position", "array",
                          "array_position(array, x) - the place of the first x, from 1; else 0", 2,
                          2, resolve_position));
  registry.add(collection_function("array_max", "array", "array_max(array) - the greatest element",
                                   1, 1, [](Arguments arguments, const SqlSettings&) {
                                     return resolve_extreme("array_max", -1, arguments);
                                   }));
  registry.add(collection_function("array_min", "array", "array_min(array) - the least element", 1,
                                   1, [](Arguments arguments, const SqlSettings&) {
                                     return resolve_extreme("array_min", 1, arguments);
                                   }));
  registry.add(collection_function("size", "collection",
                                   "size(x) - how many elements or entries there are", 1, 1,
                                   resolve_any_size));
  registry.add_alias("cardinality", "size");
  registry.add(collection_function("array_size", "array",
                                   "array_size(array) - how many elements there are", 1, 1,
                                   [](Arguments arguments, const SqlSettings&) {
                                     return resolve_size("array_size", true, false, arguments);
                                   }));
  registry.add(collection_function("arrays_overlap", "array",
                                   "arrays_overlap(a, b) - true when an element is in both", 2, 2,
                                   resolve_overlap));
}

}  // namespace stream
