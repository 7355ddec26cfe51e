#include <libstream/expressions/expression.hpp>

namespace stream {

Expr make_literal(Value value, DataType type) {
  return make_expr(Literal{std::move(value), std::move(type)});
}
Expr make_literal(std::string_view text) {
  return make_literal({std::string(text)}, primitive(TypeKind::string));
}
Expr make_literal(std::int32_t value) { return make_literal({value}, primitive(TypeKind::int32)); }
Expr make_literal(std::int64_t value) { return make_literal({value}, primitive(TypeKind::int64)); }
Expr make_literal(bool value) { return make_literal({value}, primitive(TypeKind::boolean)); }

Expr make_column(std::string name) { return make_expr(ColumnName{{std::move(name)}}); }

Expr make_call(std::string name, Exprs arguments) {
  Call call;
  call.name = std::move(name);
  call.arguments = std::move(arguments);
  return make_expr(std::move(call));
}

Expr make_alias(Expr child, std::string name) {
  return make_expr(Alias{std::move(child), {std::move(name)}});
}

}  // namespace stream
