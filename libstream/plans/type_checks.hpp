// Which types can be sorted and compared as a whole: what ORDER BY, DISTINCT and the set
// operations ask of their columns. Used by the analysis; pure functions.
#pragma once

#include <libstream/plans/resolved_plan.hpp>

#include <span>

namespace stream {

/// Every key has an order, or [DATATYPE_MISMATCH.INVALID_ORDERING_TYPE].
Result<void> check_sort_keys(std::span<const SortColumn> keys);

/// Rows can be told apart by all columns, or
/// [UNSUPPORTED_FEATURE.SET_OPERATION_ON_…_TYPE]: not with maps or variants.
Result<void> check_distinct(const Attributes& columns);

}  // namespace stream
