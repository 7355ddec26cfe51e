// From a query as written to one whose names and types are known, by Spark's rules. Problems are
// reported with Spark's conditions and, for SQL text, their place.
#pragma once

#include <libstream/plans/catalog.hpp>
#include <libstream/plans/resolved_plan.hpp>

namespace stream {

/// Error bad_plan: the first problem found.
Result<PlanRef> analyze(const RelationRef& relation, const Catalog& catalog);

/// The relations of one query's outputs. What they share, as an object, has one plan object: it
/// runs once.
Result<std::vector<PlanRef>> analyze_outputs(const std::vector<RelationRef>& relations,
                                             const Catalog& catalog);

/// The columns an expression can see, for expressions outside of a query (tests, column DDL).
Result<TypedExpr> analyze_expression(const Expr& expression, const Attributes& input,
                                     const Catalog& catalog);

}  // namespace stream
