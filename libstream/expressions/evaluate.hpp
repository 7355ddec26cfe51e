// Evaluation of typed expressions over batches, a column at a time. Used by operators; a context
// belongs to one task. Kernels are written against KernelInput; most by row_kernel.hpp.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/expressions/sql_settings.hpp>
#include <libstream/expressions/typed_expression.hpp>

#include <span>

namespace stream {

struct EvaluationContext {
  BlockPool& pool;
  const SqlSettings& settings;
  /// current_timestamp of every row and operator of an epoch.
  EpochMillis batch_time = 0;
  /// rand, uuid, …: from query, epoch and task, so that a re-run gives the same rows.
  std::uint64_t seed = 0;
  std::int64_t rows_before = 0;  ///< rows of this task and epoch before this batch
};

/// One argument of a kernel: a column, or one value for all rows.
struct Operand {
  Column column;  ///< of one row when is_constant
  bool is_constant = false;

  std::size_t index(std::size_t row) const { return is_constant ? 0 : row; }
  bool is_null(std::size_t row) const { return column.is_null(index(row)); }
  const DataType& type() const { return column.type; }
};

/// Calls a lambda argument: `parameters` are columns of one length; row i belongs to row
/// outer_rows[i] of the kernel's input (for captured values).
using LambdaCall = std::function<Result<Column>(std::vector<Column> parameters,
                                                std::span<const std::uint32_t> outer_rows)>;

struct KernelInput {
  std::span<const Operand> arguments;   ///< a lambda's place holds an empty operand
  std::span<const LambdaCall> lambdas;  ///< the lambda arguments, in order
  std::size_t num_rows = 0;
  const DataType& type;  ///< of the result
  EvaluationContext& context;
  /// NullHandling::skip: bit i clear: an argument of row i is null, the row is not to be looked at
  /// (its result may be anything). Empty: all rows count.
  BlockRef active;

  bool is_active(std::size_t row) const {
    return !active || ((static_cast<unsigned char>(active.data()[row >> 3]) >> (row & 7)) & 1u);
  }
};

/// The expression's value for every row of `batch`. Error: of the first row that fails, with
/// Spark's condition in brackets.
Result<Column> evaluate(const TypedExpression& expression, const Batch& batch,
                        EvaluationContext& context);

/// The same, keeping constants unexpanded.
Result<Operand> evaluate_operand(const TypedExpression& expression, const Batch& batch,
                                 EvaluationContext& context);

/// The value of a foldable expression.
Result<Value> fold(const TypedExpression& expression, EvaluationContext& context);

/// Whether a row of a BOOLEAN operand is true; null is not.
inline bool is_true(const Operand& operand, std::size_t row) {
  return !operand.is_null(row) && operand.column.data<std::uint8_t>()[operand.index(row)] != 0;
}

/// A quick look for conditions that leave no row out: true only if all rows of a BOOLEAN column are
/// true; those of a column with nulls are not looked at.
bool is_true_everywhere(const Operand& condition, std::size_t num_rows);

/// Rows for which a BOOLEAN column is true.
void rows_where_true(const Operand& condition, std::size_t num_rows,
                     std::vector<std::uint32_t>& rows);

/// The operand as a column of num_rows rows.
Column expand(const Operand& operand, std::size_t num_rows, BlockPool& pool);

}  // namespace stream
