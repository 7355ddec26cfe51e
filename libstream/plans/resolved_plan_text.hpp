// A resolved plan as text, in Spark's manner: a line a node, columns with their numbers. For
// explain. Pure.
#pragma once

#include <libstream/plans/resolved_plan.hpp>

#include <string>

namespace stream {

/// "(a#1 + 1)", "count#3".
std::string plan_text(const TypedExpression& expression);

/// The tree from the top down, "+- " before inputs.
std::string plan_text(const PlanRef& plan);

}  // namespace stream
