// Aggregate functions: their states for many groups at a time, in columns. Used by the aggregation
// operators (one thread), by window frames and by the registry.
#pragma once

#include <libstream/expressions/function.hpp>

#include <memory>

namespace stream {

/// The states of one aggregate for groups 0 … n − 1 of an operator.
class Accumulator {
 public:
  /// Rows of this group are left out (FILTER).
  static constexpr std::uint32_t kNoGroup = 0xffffffffu;

  virtual ~Accumulator() = default;
  /// Makes room for `num_groups` groups; new ones are empty. Fewer than before only when
  /// those that go are empty.
  virtual void resize(std::size_t num_groups) = 0;
  /// Brings the states of groups, some of which may not be there yet, into the cache.
  virtual void prefetch(std::span<const std::uint32_t>) const {}
  /// Row i of the arguments goes into group groups[i].
  virtual Result<void> update(std::span<const Operand> arguments,
                              std::span<const std::uint32_t> groups,
                              EvaluationContext& context) = 0;
  /// Row i of the state columns, made by append_state, is merged into group groups[i].
  virtual Result<void> merge(std::span<const Column> state,
                             std::span<const std::uint32_t> groups) = 0;
  /// Appends the states of the groups, a column a state field.
  virtual void append_state(std::span<const std::uint32_t> groups,
                            std::span<ColumnBuilder> builders) const = 0;
  /// Appends the results of the groups. Error: overflow and the like.
  virtual Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                                     EvaluationContext& context) const = 0;
  /// The groups are empty again; their numbers will be used anew.
  virtual void clear(std::span<const std::uint32_t> groups) = 0;
  virtual std::size_t bytes() const = 0;
};

struct ResolvedAggregate {
  std::vector<DataType> parameter_types;
  DataType type;
  bool is_nullable = true;
  std::vector<Field> state;  ///< columns of a state on its way to merge and into checkpoints
  std::function<std::unique_ptr<Accumulator>()> make;
};

/// How the call was written, beside its arguments.
struct AggregateModifiers {
  bool is_distinct = false;
  bool ignores_nulls = false;
  std::vector<bool> sort_descending;  ///< WITHIN GROUP: its keys are appended to the arguments
};

struct AggregateFunction {
  std::string name;
  std::string usage;
  std::size_t min_arguments = 0;
  std::size_t max_arguments = 0;
  std::function<Result<ResolvedAggregate>(Arguments, const AggregateModifiers&, const SqlSettings&)>
      resolve;
  /// Or: written with other aggregates.
  std::function<Result<Expr>(const Call&)> rewrite;
  bool needs_over = false;  ///< has a meaning over the rows of a window only
};

}  // namespace stream
