// The context in which an operator evaluates its expressions, kept up over epochs. Owned by the
// operator, used by its task's thread.
#pragma once

#include <libstream/base/hash.hpp>
#include <libstream/expressions/evaluate.hpp>
#include <libstream/operators/evaluation_settings.hpp>
#include <libstream/operators/operator.hpp>

#include <optional>

namespace stream {

class EvaluationScope {
 public:
  explicit EvaluationScope(EvaluationSettings settings) : settings_(std::move(settings)) {
    if (!settings_.sql) settings_.sql = std::make_shared<const SqlSettings>();
  }

  void open(const OperatorContext& context) {
    task_ = context.task;
    context_.emplace(EvaluationContext{context.pool, *settings_.sql});
  }
  void begin(const EpochStart& start) {
    context_->batch_time = start.batch_time;
    context_->seed =
        hash_combine(hash_combine(settings_.seed, static_cast<std::uint64_t>(start.epoch)), task_);
    context_->rows_before = 0;
  }
  /// After a batch of the input was evaluated.
  void pass(std::size_t num_rows) { context_->rows_before += static_cast<std::int64_t>(num_rows); }

  EvaluationContext& context() { return *context_; }

 private:
  EvaluationSettings settings_;
  std::uint32_t task_ = 0;
  std::optional<EvaluationContext> context_;
};

/// The expressions' values for every row of `batch`, constants unexpanded.
inline Result<std::vector<Operand>> evaluate_operands(const std::vector<TypedExpr>& expressions,
                                                      const Batch& batch,
                                                      EvaluationContext& context) {
  std::vector<Operand> operands;
  operands.reserve(expressions.size());
  for (const TypedExpr& expression : expressions) {
    STREAM_TRY(Operand operand, evaluate_operand(*expression, batch, context));
    operands.push_back(std::move(operand));
  }
  return operands;
}

/// The same as columns. Plain input columns are not copied.
inline Result<std::vector<Column>> evaluate_columns(const std::vector<TypedExpr>& expressions,
                                                    const Batch& batch,
                                                    EvaluationContext& context) {
  std::vector<Column> columns;
  columns.reserve(expressions.size());
  for (const TypedExpr& expression : expressions) {
    if (const auto* input = expression->as<InputColumn>()) {
      columns.push_back(batch.column(input->index));
      continue;
    }
    STREAM_TRY(Column column, evaluate(*expression, batch, context));
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace stream
