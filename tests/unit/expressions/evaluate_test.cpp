#include <libstream/expressions/row_kernel.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;

namespace {

TypedExpr input(std::size_t index, TypeKind kind) {
  return make_typed(primitive(kind), true, InputColumn{index});
}

/// 100 / x, failing on zero.
TypedExpr hundred_by(TypedExpr x) {
  FunctionCall call;
  call.name = "hundred_by";
  call.arguments = {std::move(x)};
  call.kernel = row_kernel([](std::int64_t v) -> Result<std::int64_t> {
    if (v == 0) return bad_data("[DIVIDE_BY_ZERO] by zero");
    return 100 / v;
  });
  return make_typed(primitive(TypeKind::int64), true, std::move(call));
}

TypedExpr is_zero(TypedExpr x) {
  FunctionCall call;
  call.name = "is_zero";
  call.arguments = {std::move(x)};
  call.kernel = row_kernel([](std::int64_t v) { return v == 0; });
  call.can_fail = false;
  return make_typed(primitive(TypeKind::boolean), true, std::move(call));
}

Batch numbers(BlockPool& pool, const std::vector<Value>& values) {
  auto schema =
      std::make_shared<const Schema>(Schema{{Field{"x", primitive(TypeKind::int64), true}}});
  std::vector<std::vector<Value>> rows;
  for (const Value& value : values) rows.push_back({value});
  return batch_of(schema, rows, pool);
}

Value whole(std::int64_t value) { return {value}; }

}  // namespace

TEST_CASE("a kernel sees no row with a null argument") {
  BlockPool pool;
  const SqlSettings settings;
  EvaluationContext context{pool, settings};
  const Batch batch = numbers(pool, {whole(5), Value{}, whole(20)});
  const Result<Column> column = evaluate(*hundred_by(input(0, TypeKind::int64)), batch, context);
  REQUIRE(column);
  CHECK(value_at(*column, 0) == whole(20));
  CHECK(value_at(*column, 1).is_null());
  CHECK(value_at(*column, 2) == whole(5));
}

TEST_CASE("case evaluates a value only for the rows of its condition") {
  BlockPool pool;
  const SqlSettings settings;
  EvaluationContext context{pool, settings};
  const Batch batch = numbers(pool, {whole(0), whole(4), Value{}});
  const TypedExpr x = input(0, TypeKind::int64);
  CHECK_FALSE(evaluate(*hundred_by(x), batch, context));
  const TypedExpr guarded = make_typed(
      primitive(TypeKind::int64), true,
      LazyCall{LazyCall::Kind::case_when,
               {is_zero(x), make_constant(whole(-1), primitive(TypeKind::int64)), hundred_by(x)}});
  const Result<Column> column = evaluate(*guarded, batch, context);
  REQUIRE(column);
  CHECK(value_at(*column, 0) == whole(-1));
  CHECK(value_at(*column, 1) == whole(25));
  CHECK(value_at(*column, 2).is_null());
}

TEST_CASE("a failing argument is null only in its own rows") {
  BlockPool pool;
  const SqlSettings settings;
  EvaluationContext context{pool, settings};
  const Batch batch = numbers(pool, {whole(0), whole(4)});
  const TypedExpr attempt =
      make_typed(primitive(TypeKind::int64), true,
                 LazyCall{LazyCall::Kind::null_on_error, {hundred_by(input(0, TypeKind::int64))}});
  const Result<Column> column = evaluate(*attempt, batch, context);
  REQUIRE(column);
  CHECK(value_at(*column, 0).is_null());
  CHECK(value_at(*column, 1) == whole(25));
}

TEST_CASE("a call of constants is computed once") {
  BlockPool pool;
  const SqlSettings settings;
  EvaluationContext context{pool, settings};
  const Batch batch = numbers(pool, {whole(1), whole(2)});
  const TypedExpr constant = hundred_by(make_constant(whole(4), primitive(TypeKind::int64)));
  CHECK(is_foldable(*constant));
  const Result<Operand> operand = evaluate_operand(*constant, batch, context);
  REQUIRE(operand);
  CHECK(operand->is_constant);
  CHECK(value_at(operand->column, 0) == whole(25));
}
