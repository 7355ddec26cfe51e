#include <libstream/data/compare.hpp>
#include <libstream/expressions/function.hpp>
#include <libstream/plans/type_checks.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

bool has_kind(const DataType& type, TypeKind kind) {
  return type.kind == kind ||
         std::any_of(type.children.begin(), type.children.end(),
                     [kind](const Field& field) { return has_kind(field.type, kind); });
}

}  // namespace

Result<void> check_sort_keys(std::span<const SortColumn> keys) {
  for (const SortColumn& key : keys) {
    const DataType& type = key.expression->type;
    if (type.kind == TypeKind::null || is_orderable(type)) continue;
    return analysis_error(
        "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
        fmt::format("ORDER BY does not support ordering on type \"{}\".", type.to_string()));
  }
  return {};
}

Result<void> check_distinct(const Attributes& columns) {
  for (const Attribute& column : columns) {
    for (const auto& [kind, name] :
         {std::pair{TypeKind::map, "MAP"}, std::pair{TypeKind::variant, "VARIANT"}}) {
      if (!has_kind(column.type, kind)) continue;
      return analysis_error(
          fmt::format("UNSUPPORTED_FEATURE.SET_OPERATION_ON_{}_TYPE", name),
          fmt::format("Cannot have {} type columns in DataFrame which calls set operations "
                      "(INTERSECT, EXCEPT, etc.) or DISTINCT, but the type of column `{}` is "
                      "\"{}\".",
                      name, column.name, column.type.to_string()));
    }
  }
  return {};
}

}  // namespace stream
