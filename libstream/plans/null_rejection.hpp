// What a condition says about nulls: which attributes it cannot be true without, and whether it is
// true of a row of nulls. Used by the filter rules.
#pragma once

#include <libstream/plans/resolved_plan.hpp>

namespace stream {

/// Attributes that are not null wherever the condition is true (its null-intolerant inputs).
void collect_not_null(const TypedExpression& condition, std::vector<AttributeId>& ids);

/// False or null for a row in which all of `attributes` are null; other attributes must not be
/// read.
bool rejects_nulls(const TypedExpression& condition, const Attributes& attributes);

}  // namespace stream
