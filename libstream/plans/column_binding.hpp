// From attributes to column numbers, and expressions written into others. Used by the relational
// planner and the rules.
#pragma once

#include <libstream/plans/resolved_plan.hpp>

#include <functional>

namespace stream {

/// The attribute of each column of a batch; 0 where a column has none (hashes).
using ColumnIds = std::vector<AttributeId>;

/// The expression over InputColumn. Error bad_plan: an attribute is not among the columns.
Result<TypedExpr> bind_columns(const TypedExpr& expression, const ColumnIds& columns);
Result<std::size_t> column_of(AttributeId id, const ColumnIds& columns);

/// The expression with every attribute reference replaced for which `replace` gives another.
TypedExpr substitute(const TypedExpr& expression,
                     const std::function<TypedExpr(const AttributeReference&)>& replace);
/// The expression over a batch with `by` more columns in front; null stays null.
TypedExpr shift_columns(const TypedExpr& expression, std::size_t by);
/// References to the output of a projection replaced by its expressions.
TypedExpr inline_projection(const TypedExpr& expression, const ResolvedPlan& project);

}  // namespace stream
