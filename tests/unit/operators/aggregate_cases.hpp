// What tests of aggregations share: calls of built-in aggregates over input columns.
#pragma once

#include <libstream/expressions/function.hpp>
#include <libstream/operators/aggregate.hpp>
#include <tests/kit/operator_harness.hpp>

namespace stream::testing {

TypedExpr input(std::size_t index, DataType type);
/// A call of a built-in aggregate over the given arguments.
AggregateCall aggregate_call(const std::string& name, std::vector<TypedExpr> arguments);

inline DataType bigint() { return primitive(TypeKind::int64); }
inline DataType text() { return primitive(TypeKind::string); }
inline DataType timestamp() { return primitive(TypeKind::timestamp); }
inline DataType boolean() { return primitive(TypeKind::boolean); }

inline std::shared_ptr<const Schema> events() {
  return schema_of({{"k", text()}, {"t", timestamp()}, {"v", bigint()}});
}

}  // namespace stream::testing
