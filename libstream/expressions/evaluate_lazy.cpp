#include <libstream/base/check.hpp>
#include <libstream/data/column_builder.hpp>
#include <libstream/data/gather.hpp>
#include <libstream/expressions/column_loop.hpp>
#include <libstream/expressions/evaluate_lazy.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

namespace stream {
namespace {

using Rows = std::vector<std::uint32_t>;

bool is_false(const Operand& operand, std::size_t row) {
  return !operand.is_null(row) && operand.column.data<std::uint8_t>()[operand.index(row)] == 0;
}

Rows all_rows(std::size_t num_rows) {
  Rows rows(num_rows);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

/// May evaluating the expression for rows that do not need it be noticed?
bool can_fail(const TypedExpression& expression) {
  if (const auto* call = expression.as<FunctionCall>();
      call && (call->can_fail || !call->is_deterministic))
    return true;
  if (const auto* lazy = expression.as<LazyCall>();
      lazy && lazy->kind == LazyCall::Kind::null_on_error)
    return false;
  const std::vector<TypedExpr> children = children_of(expression);
  return std::any_of(children.begin(), children.end(),
                     [](const TypedExpr& child) { return can_fail(*child); });
}

void mark_used(const TypedExpression& expression, std::vector<bool>& is_used) {
  if (const auto* input = expression.as<InputColumn>()) {
    is_used[input->index] = true;
    return;
  }
  if (const auto* lambda = expression.as<LambdaFunction>()) {
    for (const TypedExpr& capture : lambda->captures) mark_used(*capture, is_used);
    return;
  }
  for (const TypedExpr& child : children_of(expression)) mark_used(*child, is_used);
}

/// The rows of a batch that `expression` is to be evaluated for; columns that it does not read
/// become empty shells.
Batch rows_for(const TypedExpression& expression, const Batch& batch, const Rows& rows,
               BlockPool& pool) {
  std::vector<bool> is_used(batch.num_columns(), false);
  mark_used(expression, is_used);
  std::vector<Column> columns;
  for (std::size_t i = 0; i < batch.num_columns(); ++i) {
    if (is_used[i]) {
      columns.push_back(gather(batch.column(i), rows, pool));
    } else {
      Column shell;
      shell.type = batch.column(i).type;
      shell.num_rows = rows.size();
      columns.push_back(std::move(shell));
    }
  }
  return {batch.shared_schema(), std::move(columns), rows.size()};
}

/// Evaluates for some rows only: entry i of the operand belongs to rows[i].
Result<Operand> evaluate_rows(const TypedExpression& expression, const Batch& batch,
                              const Rows& rows, EvaluationContext& context) {
  if (rows.size() == batch.num_rows()) return evaluate_operand(expression, batch, context);
  return evaluate_operand(expression, rows_for(expression, batch, rows, context.pool), context);
}

bool is_void(const Operand& operand) { return operand.type().kind == TypeKind::null; }

/// Puts values that were computed for some rows back in their places.
class Scatter {
 public:
  Scatter(const DataType& type, std::size_t num_rows, BlockPool& pool)
      : type_(type), pool_(&pool), sources_(num_rows, kNone) {}

  void set(std::uint32_t row, std::size_t part, std::size_t index) {
    sources_[row] = {static_cast<std::uint32_t>(part), static_cast<std::uint32_t>(index)};
  }
  std::size_t add(Operand operand) {
    parts_.push_back(std::move(operand));
    return parts_.size() - 1;
  }
  Column finish() {
    std::vector<const Column*> columns;
    std::vector<std::size_t> firsts(parts_.size());  // row of a part among those of all
    std::size_t num_rows = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (is_void(parts_[i])) continue;
      columns.push_back(&parts_[i].column);
      firsts[i] = std::exchange(num_rows, num_rows + parts_[i].column.num_rows);
    }
    if (columns.empty()) return null_column(type_, sources_.size(), *pool_);
    Rows rows;
    rows.reserve(sources_.size());
    for (const Source& source : sources_) {
      const bool is_null = source.part == kNone.part || is_void(parts_[source.part]);
      rows.push_back(is_null ? kNullRow
                             : static_cast<std::uint32_t>(firsts[source.part] +
                                                          parts_[source.part].index(source.index)));
    }
    Column column = gather(concatenate(columns, *pool_), rows, *pool_);
    column.type = type_;
    return column;
  }

 private:
  struct Source {
    std::uint32_t part;
    std::uint32_t index;
  };
  static constexpr Source kNone{0xffffffffu, 0};

  DataType type_;
  BlockPool* pool_;
  std::vector<Source> sources_;  ///< by row
  std::vector<Operand> parts_;
};

/// AND and OR: a later argument is evaluated for rows that earlier ones leave open.
class LogicalRows {
 public:
  LogicalRows(bool is_and, std::size_t num_rows, BlockPool& pool)
      : is_and_(is_and), num_rows_(num_rows), values_(pool.allocate(num_rows + 1)) {
    std::fill_n(states(), num_rows, is_and ? kTrue : kFalse);
  }

  bool has_open() const {
    return std::find_if(states(), states() + num_rows_, [this](std::uint8_t state) {
             return state != decided();
           }) != states() + num_rows_;
  }
  Rows open() const {
    Rows rows;
    for (std::uint32_t row = 0; row < num_rows_; ++row) {
      if (states()[row] != decided()) rows.push_back(row);
    }
    return rows;
  }

  /// An argument's values of all rows.
  void add(const Operand& operand) {
    if (operand.is_constant || operand.column.validity || is_void(operand)) {
      for (std::size_t row = 0; row < num_rows_; ++row) add(operand, row, states()[row]);
      return;
    }
    const auto* values = operand.column.data<std::uint8_t>();
    std::uint8_t* const to = states();
    if (is_and_) {
      for (std::size_t row = 0; row < num_rows_; ++row)
        to[row] = values[row] != 0 ? to[row] : kFalse;
    } else {
      for (std::size_t row = 0; row < num_rows_; ++row)
        to[row] = values[row] != 0 ? kTrue : to[row];
    }
  }
  /// Entry i of the operand belongs to rows[i].
  void add(const Operand& operand, const Rows& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i) add(operand, i, states()[rows[i]]);
  }

  Operand finish(BlockPool& pool) {
    Column column;
    column.type = primitive(TypeKind::boolean);
    column.num_rows = num_rows_;
    NullMarks nulls(column, pool);
    for (std::size_t row = 0; row < num_rows_; ++row) {
      if (states()[row] != kUnknown) continue;
      nulls.set(row);
      states()[row] = kFalse;
    }
    column.values = std::move(values_);
    return {std::move(column), false};
  }

 private:
  static constexpr std::uint8_t kFalse = 0, kTrue = 1, kUnknown = 2;

  std::uint8_t* states() { return reinterpret_cast<std::uint8_t*>(values_.data()); }
  const std::uint8_t* states() const {
    return reinterpret_cast<const std::uint8_t*>(values_.data());
  }
  std::uint8_t decided() const { return is_and_ ? kFalse : kTrue; }

  void add(const Operand& operand, std::size_t at, std::uint8_t& state) const {
    if (state == decided()) return;
    if (operand.is_null(at))
      state = kUnknown;
    else if (is_and_ ? is_false(operand, at) : is_true(operand, at))
      state = decided();
  }

  bool is_and_;
  std::size_t num_rows_;
  BlockRef values_;  ///< a state a row
};

Result<Operand> evaluate_logical(const LazyCall& call, const Batch& batch,
                                 EvaluationContext& context) {
  LogicalRows rows(call.kind == LazyCall::Kind::logical_and, batch.num_rows(), context.pool);
  for (const TypedExpr& argument : call.arguments) {
    if (can_fail(*argument)) {
      const Rows open = rows.open();
      if (open.empty() && batch.num_rows() > 0) break;
      STREAM_TRY(const Operand operand, evaluate_rows(*argument, batch, open, context));
      rows.add(operand, open);
    } else {
      if (batch.num_rows() > 0 && !rows.has_open()) break;
      STREAM_TRY(const Operand operand, evaluate_operand(*argument, batch, context));
      rows.add(operand);
    }
  }
  return rows.finish(context.pool);
}

Result<Operand> evaluate_case(const TypedExpression& expression, const LazyCall& call,
                              const Batch& batch, EvaluationContext& context) {
  Scatter scatter(expression.type, batch.num_rows(), context.pool);
  Rows open = all_rows(batch.num_rows());
  const auto take = [&](const TypedExpr& value, const Rows& rows) -> Result<void> {
    if (rows.empty()) return {};
    STREAM_TRY(Operand operand, evaluate_rows(*value, batch, rows, context));
    const std::size_t part = scatter.add(std::move(operand));
    for (std::size_t i = 0; i < rows.size(); ++i) scatter.set(rows[i], part, i);
    return {};
  };
  for (std::size_t i = 0; i + 1 < call.arguments.size() && !open.empty(); i += 2) {
    STREAM_TRY(const Operand condition, evaluate_rows(*call.arguments[i], batch, open, context));
    Rows chosen;
    Rows rest;
    for (std::size_t k = 0; k < open.size(); ++k)
      (is_true(condition, k) ? chosen : rest).push_back(open[k]);
    STREAM_TRY(take(call.arguments[i + 1], chosen));
    open = std::move(rest);
  }
  STREAM_TRY(take(call.arguments.back(), open));
  return Operand{scatter.finish(), false};
}

Result<Operand> evaluate_coalesce(const TypedExpression& expression, const LazyCall& call,
                                  const Batch& batch, EvaluationContext& context) {
  Scatter scatter(expression.type, batch.num_rows(), context.pool);
  Rows open = all_rows(batch.num_rows());
  for (const TypedExpr& argument : call.arguments) {
    if (open.empty()) break;
    STREAM_TRY(Operand operand, evaluate_rows(*argument, batch, open, context));
    Rows rest;
    const std::size_t part = scatter.add(operand);
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (operand.is_null(i) || is_void(operand)) {
        rest.push_back(open[i]);
      } else {
        scatter.set(open[i], part, i);
      }
    }
    open = std::move(rest);
  }
  return Operand{scatter.finish(), false};
}

/// Evaluates the argument; rows that fail are looked for one by one.
Result<Operand> evaluate_or_null(const TypedExpression& expression, const LazyCall& call,
                                 const Batch& batch, EvaluationContext& context) {
  const TypedExpression& argument = *call.arguments[0];
  Result<Operand> all = evaluate_operand(argument, batch, context);
  if (all) return all;
  Scatter scatter(expression.type, batch.num_rows(), context.pool);
  for (const std::uint32_t row : all_rows(batch.num_rows())) {
    const Batch single = rows_for(argument, batch, {row}, context.pool);
    Result<Operand> one = evaluate_operand(argument, single, context);
    if (one) scatter.set(row, scatter.add(std::move(*one)), 0);
  }
  return Operand{scatter.finish(), false};
}

}  // namespace

Result<Operand> evaluate_lazy(const TypedExpression& expression, const LazyCall& call,
                              const Batch& batch, EvaluationContext& context) {
  switch (call.kind) {
    case LazyCall::Kind::logical_and:
    case LazyCall::Kind::logical_or:
      return evaluate_logical(call, batch, context);
    case LazyCall::Kind::case_when:
      return evaluate_case(expression, call, batch, context);
    case LazyCall::Kind::coalesce:
      return evaluate_coalesce(expression, call, batch, context);
    case LazyCall::Kind::null_on_error:
      return evaluate_or_null(expression, call, batch, context);
  }
  STREAM_UNREACHABLE("lazy call");
}

}  // namespace stream
