#include <libstream/base/check.hpp>
#include <libstream/expressions/typed_expression.hpp>

#include <algorithm>

namespace stream {

TypedExpr make_constant(Value value, DataType type) {
  const bool is_null = value.is_null();
  return make_typed(std::move(type), is_null, Constant{std::move(value)});
}

std::vector<TypedExpr> children_of(const TypedExpression& expression) {
  if (const auto* call = expression.as<FunctionCall>()) return call->arguments;
  if (const auto* call = expression.as<LazyCall>()) return call->arguments;
  if (const auto* lambda = expression.as<LambdaFunction>()) {
    std::vector<TypedExpr> children{lambda->body};
    children.insert(children.end(), lambda->captures.begin(), lambda->captures.end());
    return children;
  }
  return {};
}

TypedExpr with_children(const TypedExpression& expression, std::vector<TypedExpr> children) {
  TypedExpression copy = expression;
  if (auto* call = std::get_if<FunctionCall>(&copy.kind)) {
    call->arguments = std::move(children);
  } else if (auto* lazy = std::get_if<LazyCall>(&copy.kind)) {
    lazy->arguments = std::move(children);
  } else if (auto* lambda = std::get_if<LambdaFunction>(&copy.kind)) {
    STREAM_CHECK(!children.empty(), "a lambda without a body");
    lambda->body = std::move(children[0]);
    lambda->captures.assign(children.begin() + 1, children.end());
  }
  return std::make_shared<const TypedExpression>(std::move(copy));
}

bool is_same_expression(const TypedExpression& a, const TypedExpression& b) {
  if (a.kind.index() != b.kind.index() || !(a.type == b.type)) return false;
  if (const auto* attribute = a.as<AttributeReference>())
    return attribute->id == b.as<AttributeReference>()->id;
  if (const auto* input = a.as<InputColumn>()) return input->index == b.as<InputColumn>()->index;
  if (const auto* constant = a.as<Constant>()) return constant->value == b.as<Constant>()->value;
  if (const auto* call = a.as<FunctionCall>()) {
    const auto* other = b.as<FunctionCall>();
    if (call->name != other->name || !call->is_deterministic || !other->is_deterministic)
      return false;
  }
  if (const auto* lazy = a.as<LazyCall>(); lazy && lazy->kind != b.as<LazyCall>()->kind)
    return false;
  const std::vector<TypedExpr> left = children_of(a);
  const std::vector<TypedExpr> right = children_of(b);
  return std::equal(
      left.begin(), left.end(), right.begin(), right.end(),
      [](const TypedExpr& x, const TypedExpr& y) { return is_same_expression(*x, *y); });
}

bool is_deterministic(const TypedExpression& expression) {
  if (const auto* call = expression.as<FunctionCall>(); call && !call->is_deterministic)
    return false;
  const std::vector<TypedExpr> children = children_of(expression);
  return std::all_of(children.begin(), children.end(),
                     [](const TypedExpr& child) { return is_deterministic(*child); });
}

namespace {

/// Inside a lambda input columns are its parameters and captures.
bool is_foldable_within(const TypedExpression& expression, bool is_in_lambda) {
  if (expression.as<AttributeReference>()) return false;
  if (expression.as<InputColumn>()) return is_in_lambda;
  if (const auto* call = expression.as<FunctionCall>(); call && !call->is_deterministic)
    return false;
  if (const auto* lambda = expression.as<LambdaFunction>()) {
    return is_foldable_within(*lambda->body, true) &&
           std::all_of(lambda->captures.begin(), lambda->captures.end(),
                       [&](const TypedExpr& e) { return is_foldable_within(*e, is_in_lambda); });
  }
  const std::vector<TypedExpr> children = children_of(expression);
  return std::all_of(children.begin(), children.end(), [&](const TypedExpr& child) {
    return is_foldable_within(*child, is_in_lambda);
  });
}

}  // namespace

bool is_foldable(const TypedExpression& expression) {
  return is_foldable_within(expression, false);
}

}  // namespace stream
