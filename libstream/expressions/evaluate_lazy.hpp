// Evaluation of what looks at an argument only for rows that need it: AND, OR, CASE, COALESCE, TRY.
#pragma once

#include <libstream/expressions/evaluate.hpp>

namespace stream {

/// `call` is what `expression` is. Error: of a row that needed the argument which fails.
Result<Operand> evaluate_lazy(const TypedExpression& expression, const LazyCall& call,
                              const Batch& batch, EvaluationContext& context);

}  // namespace stream
