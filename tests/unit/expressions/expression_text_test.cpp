#include <libstream/data/date_time.hpp>
#include <libstream/expressions/expression.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;

namespace {

std::string text(const Expr& expression) { return pretty_text(*expression); }
Expr number(std::int32_t value) { return make_literal(value); }

}  // namespace

TEST_CASE("operators are written between their operands, in parentheses") {
  CHECK(text(make_call("+", {make_column("a"), number(1)})) == "(a + 1)");
  CHECK(text(make_call("<>", {make_column("a"), number(1)})) == "(NOT (a = 1))");
  CHECK(text(make_call("-", {number(3)})) == "(- 3)");
  CHECK(text(make_call("isnull", {make_column("a")})) == "(a IS NULL)");
  CHECK(text(make_call("in", {number(1), number(2), number(3)})) == "(1 IN (2, 3))");
}

TEST_CASE("two comparisons of one expression are a between, of two expressions not") {
  const Expr value = make_column("v");
  const auto both = [](const Expr& low, const Expr& high) {
    return make_call("and",
                     {make_call(">=", {low, number(1)}), make_call("<=", {high, number(3)})});
  };
  CHECK(text(both(value, value)) == "between(v, 1, 3)");
  CHECK(text(both(value, make_column("v"))) == "((v >= 1) AND (v <= 3))");
}

TEST_CASE("literals have no quotes, dates say what they are") {
  CHECK(text(make_literal("x y")) == "x y");
  CHECK(text(make_literal(Value{}, primitive(TypeKind::int32))) == "NULL");
  const auto days = static_cast<std::int32_t>(days_from_civil({2024, 2, 29}));
  CHECK(text(make_literal({days}, primitive(TypeKind::date))) == "DATE '2024-02-29'");
  CHECK(text(make_literal({std::string("\x01\xff")}, primitive(TypeKind::binary))) == "X'01FF'");
}

TEST_CASE("casts that functions made are not shown, nor casts to nested types") {
  const Expr cast = make_expr(Cast{make_column("a"), primitive(TypeKind::int32), false});
  CHECK(text(cast) == "CAST(a AS INT)");
  CHECK(text(make_call("string", {number(3)})) == "3");
  const Expr nested =
      make_expr(Cast{make_column("a"), array_of(primitive(TypeKind::int32), true), false});
  CHECK(text(nested) == "a");
}

TEST_CASE("arguments that were left out are shown with Spark's defaults") {
  CHECK(text(make_call("round", {make_column("a")})) == "round(a, 0)");
  CHECK(text(make_call("sqrt", {make_column("a")})) == "SQRT(a)");
  CHECK(text(make_call("from_json", {make_column("a"), make_literal("b INT")})) == "from_json(a)");
  CHECK(text(make_call("count", {make_expr(Star{})})) == "count(1)");
}

TEST_CASE("parameters of lambdas have no names") {
  const Expr body = make_call("+", {make_column("x"), make_column("y")});
  const Expr lambda = make_expr(Lambda{{"x"}, body});
  CHECK(text(make_call("transform", {make_column("a"), lambda})) ==
        "transform(a, lambdafunction((namedlambdavariable() + y), namedlambdavariable()))");
}

TEST_CASE("windows show the frame that they get") {
  Call call;
  call.name = "sum";
  call.arguments = {make_column("v")};
  WindowSpec window;
  window.partition_by = {make_column("k")};
  window.order_by = {{make_column("o"), true, {}}};
  call.over = std::make_shared<const WindowSpec>(window);
  CHECK(text(make_expr(call)) ==
        "sum(v) OVER (PARTITION BY k ORDER BY o DESC NULLS LAST RANGE BETWEEN UNBOUNDED PRECEDING "
        "AND CURRENT ROW)");
}
