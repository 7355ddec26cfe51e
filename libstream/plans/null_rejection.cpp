#include <libstream/expressions/evaluate.hpp>
#include <libstream/plans/column_binding.hpp>
#include <libstream/plans/null_rejection.hpp>

#include <algorithm>

namespace stream {

void collect_not_null(const TypedExpression& condition, std::vector<AttributeId>& ids) {
  if (const auto* reference = condition.as<AttributeReference>()) {
    ids.push_back(reference->id);
    return;
  }
  if (const auto* call = condition.as<FunctionCall>()) {
    if (call->name == "isnotnull" || call->nulls == NullHandling::skip) {
      for (const TypedExpr& argument : call->arguments) collect_not_null(*argument, ids);
    }
    return;
  }
  const auto* lazy = condition.as<LazyCall>();
  if (lazy && lazy->kind == LazyCall::Kind::logical_and) {
    for (const TypedExpr& argument : lazy->arguments) collect_not_null(*argument, ids);
  }
}

bool rejects_nulls(const TypedExpression& condition, const Attributes& attributes) {
  std::vector<AttributeId> ids;
  collect_attributes(condition, ids);
  const bool reads_them = !ids.empty() && std::all_of(ids.begin(), ids.end(), [&](AttributeId id) {
    return find_attribute(attributes, id) != nullptr;
  });
  if (!reads_them || !is_deterministic(condition)) return false;
  const auto expression = std::make_shared<const TypedExpression>(condition);
  const TypedExpr of_nulls = substitute(expression, [&](const AttributeReference& reference) {
    return make_constant({}, find_attribute(attributes, reference.id)->type);
  });
  BlockPool pool;
  const SqlSettings settings;
  EvaluationContext context{pool, settings};
  const Result<Value> value = fold(*of_nulls, context);
  return value && (value->is_null() || !value->as<bool>());
}

}  // namespace stream
