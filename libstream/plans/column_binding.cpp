#include <libstream/plans/column_binding.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {

Result<std::size_t> column_of(AttributeId id, const ColumnIds& columns) {
  const auto found = std::find(columns.begin(), columns.end(), id);
  if (found == columns.end())
    return bad_plan(fmt::format("column #{} is not part of its operator's input", id));
  return static_cast<std::size_t>(found - columns.begin());
}

Result<TypedExpr> bind_columns(const TypedExpr& expression, const ColumnIds& columns) {
  if (!expression) return expression;
  if (const auto* reference = expression->as<AttributeReference>()) {
    const auto found = std::find(columns.begin(), columns.end(), reference->id);
    if (found == columns.end())
      return analysis_error(
          "UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.ACCESSING_OUTER_QUERY_COLUMN_IS_NOT_ALLOWED",
          fmt::format("The column `{}` cannot be used in this place.", reference->name));
    return make_typed(expression->type, expression->is_nullable,
                      InputColumn{static_cast<std::size_t>(found - columns.begin())});
  }
  std::vector<TypedExpr> children = children_of(*expression);
  if (children.empty()) return expression;
  const bool is_lambda = expression->as<LambdaFunction>() != nullptr;
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (is_lambda && i == 0) continue;  // its columns are parameters and captures
    STREAM_TRY(children[i], bind_columns(children[i], columns));
  }
  return with_children(*expression, std::move(children));
}

TypedExpr substitute(const TypedExpr& expression,
                     const std::function<TypedExpr(const AttributeReference&)>& replace) {
  if (const auto* reference = expression->as<AttributeReference>()) {
    TypedExpr other = replace(*reference);
    return other ? other : expression;
  }
  std::vector<TypedExpr> children = children_of(*expression);
  if (children.empty()) return expression;
  const bool is_lambda = expression->as<LambdaFunction>() != nullptr;
  for (std::size_t i = is_lambda ? 1 : 0; i < children.size(); ++i)
    children[i] = substitute(children[i], replace);
  return with_children(*expression, std::move(children));
}

TypedExpr shift_columns(const TypedExpr& expression, std::size_t by) {
  if (!expression) return expression;
  if (const auto* column = expression->as<InputColumn>())
    return make_typed(expression->type, expression->is_nullable, InputColumn{column->index + by});
  std::vector<TypedExpr> children = children_of(*expression);
  if (children.empty()) return expression;
  const bool is_lambda = expression->as<LambdaFunction>() != nullptr;
  for (std::size_t i = is_lambda ? 1 : 0; i < children.size(); ++i)
    children[i] = shift_columns(children[i], by);
  return with_children(*expression, std::move(children));
}

TypedExpr inline_projection(const TypedExpr& expression, const ResolvedPlan& project) {
  return substitute(expression, [&](const AttributeReference& reference) -> TypedExpr {
    const auto& expressions = project.as<ProjectPlan>()->expressions;
    for (std::size_t i = 0; i < project.output.size(); ++i) {
      if (project.output[i].id == reference.id) return expressions[i];
    }
    return nullptr;
  });
}

}  // namespace stream
