#include <libstream/base/check.hpp>
#include <libstream/data/column_builder.hpp>
#include <libstream/data/gather.hpp>
#include <libstream/expressions/evaluate.hpp>
#include <libstream/expressions/evaluate_lazy.hpp>

#include <cstring>
#include <numeric>

namespace stream {
namespace {

using Rows = std::vector<std::uint32_t>;

/// A bit a row: no argument is null. Empty when none has nulls.
BlockRef active_rows(std::span<const Operand> arguments, std::size_t num_rows, bool& has_none,
                     BlockPool& pool) {
  BlockRef active;
  has_none = false;
  const std::size_t bytes = (num_rows + 7) / 8;
  for (const Operand& argument : arguments) {
    const bool is_void = argument.column.type.kind == TypeKind::null;
    if (argument.is_constant || is_void) {
      if (is_void ? argument.column.num_rows > 0 : argument.column.is_null(0)) has_none = true;
      continue;
    }
    if (!argument.column.validity) continue;
    if (!active) {
      active = pool.allocate(bytes + 8);
      std::memset(active.data(), 0xff, bytes + 8);
    }
    for (std::size_t i = 0; i < bytes; ++i) active.data()[i] &= argument.column.validity.data()[i];
  }
  return active;
}

/// Nulls of the arguments become nulls of the result.
void add_nulls(Column& column, const BlockRef& active, BlockPool& pool) {
  if (!active) return;
  if (!column.validity) {
    column.validity = active;
    return;
  }
  const std::size_t bytes = (column.num_rows + 7) / 8;
  BlockRef both = pool.allocate(bytes + 8);
  for (std::size_t i = 0; i < bytes; ++i)
    both.data()[i] = static_cast<char>(column.validity.data()[i] & active.data()[i]);
  column.validity = std::move(both);
}

Result<LambdaCall> bind_lambda(const LambdaFunction& lambda, const Batch& batch,
                               EvaluationContext& context) {
  auto captures = std::make_shared<std::vector<Operand>>();
  for (const TypedExpr& capture : lambda.captures) {
    STREAM_TRY(Operand operand, evaluate_operand(*capture, batch, context));
    captures->push_back(std::move(operand));
  }
  return LambdaCall(
      [&lambda, captures, &context](std::vector<Column> parameters,
                                    std::span<const std::uint32_t> outer_rows) -> Result<Column> {
        auto schema = std::make_shared<Schema>();
        std::vector<Column> columns = std::move(parameters);
        columns.resize(lambda.num_parameters);
        for (const Operand& capture : *captures) {
          if (capture.is_constant) {
            const Rows zeros(outer_rows.size(), 0);
            columns.push_back(gather(capture.column, zeros, context.pool));
          } else {
            columns.push_back(gather(capture.column, outer_rows, context.pool));
          }
        }
        for (const Column& column : columns) schema->fields.push_back({"", column.type, true});
        const Batch inner(std::move(schema), std::move(columns), outer_rows.size());
        return evaluate(*lambda.body, inner, context);
      });
}

Result<Operand> call_function(const TypedExpression& expression, const FunctionCall& call,
                              const Batch& batch, EvaluationContext& context) {
  std::vector<Operand> arguments;
  std::vector<LambdaCall> lambdas;
  arguments.reserve(call.arguments.size());
  bool is_constant = call.is_deterministic;
  for (const TypedExpr& argument : call.arguments) {
    if (const auto* lambda = argument->as<LambdaFunction>()) {
      STREAM_TRY(LambdaCall bound, bind_lambda(*lambda, batch, context));
      lambdas.push_back(std::move(bound));
      arguments.emplace_back();
      is_constant = is_constant && is_foldable(*argument);
      continue;
    }
    STREAM_TRY(Operand operand, evaluate_operand(*argument, batch, context));
    is_constant = is_constant && operand.is_constant;
    arguments.push_back(std::move(operand));
  }
  const std::size_t num_rows = is_constant ? 1 : batch.num_rows();
  bool has_none = false;
  BlockRef active;
  if (call.nulls == NullHandling::skip) {
    active = active_rows(arguments, num_rows, has_none, context.pool);
    if (has_none) return Operand{null_column(expression.type, 1, context.pool), true};
  }
  const KernelInput input{arguments, lambdas, num_rows, expression.type, context, active};
  STREAM_TRY(Column column, call.kernel(input));
  STREAM_CHECK(column.num_rows == num_rows, call.name);
  if (call.nulls == NullHandling::skip) add_nulls(column, active, context.pool);
  return Operand{std::move(column), is_constant};
}

}  // namespace

Result<Operand> evaluate_operand(const TypedExpression& expression, const Batch& batch,
                                 EvaluationContext& context) {
  if (const auto* input = expression.as<InputColumn>())
    return Operand{batch.column(input->index), false};
  if (const auto* constant = expression.as<Constant>())
    return Operand{repeat_value(constant->value, expression.type, 1, context.pool), true};
  if (const auto* call = expression.as<FunctionCall>())
    return call_function(expression, *call, batch, context);
  if (const auto* call = expression.as<LazyCall>())
    return evaluate_lazy(expression, *call, batch, context);
  STREAM_UNREACHABLE("an expression that was not bound to its input");
}

Column expand(const Operand& operand, std::size_t num_rows, BlockPool& pool) {
  if (!operand.is_constant) return operand.column;
  const Rows zeros(num_rows, 0);
  return gather(operand.column, zeros, pool);
}

Result<Column> evaluate(const TypedExpression& expression, const Batch& batch,
                        EvaluationContext& context) {
  STREAM_TRY(const Operand operand, evaluate_operand(expression, batch, context));
  return expand(operand, batch.num_rows(), context.pool);
}

Result<Value> fold(const TypedExpression& expression, EvaluationContext& context) {
  const Batch one_row(std::make_shared<const Schema>(), {}, 1);
  STREAM_TRY(const Operand operand, evaluate_operand(expression, one_row, context));
  return value_at(operand.column, 0);
}

bool is_true_everywhere(const Operand& condition, std::size_t num_rows) {
  if (condition.is_constant) return num_rows == 0 || is_true(condition, 0);
  if (condition.column.validity || num_rows == 0) return num_rows == 0;
  return std::memchr(condition.column.data<std::uint8_t>(), 0, num_rows) == nullptr;
}

void rows_where_true(const Operand& condition, std::size_t num_rows, Rows& rows) {
  rows.clear();
  if (condition.is_constant) {
    if (num_rows > 0 && is_true(condition, 0)) {
      rows.resize(num_rows);
      std::iota(rows.begin(), rows.end(), 0u);
    }
    return;
  }
  // Every row is written down, and stays when it is true: no branch to guess.
  rows.resize(num_rows);
  const std::uint8_t* values = condition.column.data<std::uint8_t>();
  std::size_t count = 0;
  for (std::size_t row = 0; row < num_rows; ++row) {
    rows[count] = static_cast<std::uint32_t>(row);
    count += (values[row] != 0) & !condition.column.is_null(row);
  }
  rows.resize(count);
}

}  // namespace stream
