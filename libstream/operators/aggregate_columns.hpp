// The states of several aggregates for groups that are told by number. Under AggregateStates, which
// finds the numbers by key, and in session windows, which number their sessions themselves. Owned
// by one operator, one thread.
#pragma once

#include <libstream/operators/aggregate.hpp>
#include <libstream/state/row_keys.hpp>

namespace stream {

class AggregateColumns {
 public:
  explicit AggregateColumns(std::vector<AggregateCall> calls);

  /// Groups 0 … num_groups − 1 may be named from now on; new ones are empty.
  void make_room(std::size_t num_groups);
  /// Brings what update() will change into the cache, as far as that holds it.
  void prefetch(std::span<const std::uint32_t> groups) const;
  /// Row i of `rows` goes into group groups[i]: filters, arguments and distinct are seen to.
  Result<void> update(const Batch& rows, std::span<const std::uint32_t> groups,
                      EvaluationContext& context);
  /// `states`: the state columns of all calls.
  Result<void> merge(std::span<const Column> states, std::span<const std::uint32_t> groups);

  void append_states(std::span<const std::uint32_t> groups,
                     std::span<ColumnBuilder> builders) const;
  Result<void> append_results(std::span<const std::uint32_t> groups,
                              std::span<ColumnBuilder> builders, EvaluationContext& context) const;

  /// The groups are as new.
  void reset(std::span<const std::uint32_t> groups);
  void reset(std::uint32_t group) { reset({&group, 1}); }
  /// All of the first `num_groups` groups are as new.
  void reset_all(std::size_t num_groups);

  std::size_t bytes() const;
  std::size_t num_calls() const { return calls_.size(); }
  std::size_t num_state_columns() const { return num_state_columns_; }

 private:
  /// Argument values that a DISTINCT aggregate has seen, by group.
  struct SeenValues {
    RowKeys keys;
    GroupTable table;
  };

  void make_accumulators();
  Result<void> update_call(std::size_t index, const Batch& rows,
                           std::span<const std::uint32_t> groups, EvaluationContext& context);
  std::span<const std::uint32_t> first_seen(SeenValues& seen, std::span<const Operand> arguments,
                                            std::span<const std::uint32_t> groups,
                                            EvaluationContext& context);

  std::vector<AggregateCall> calls_;
  std::size_t num_state_columns_ = 0;
  std::vector<std::unique_ptr<Accumulator>> accumulators_;
  std::vector<std::unique_ptr<SeenValues>> seen_;  ///< by call; nullptr: not distinct
  std::vector<std::uint32_t> distinct_groups_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> filtered_groups_;
};

std::vector<DataType> types_of(const std::vector<TypedExpr>& expressions);

}  // namespace stream
