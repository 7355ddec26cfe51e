// Groups and the states of their aggregates: what all forms of hash aggregation are built from.
// Owned by one operator, one thread.
#pragma once

#include <libstream/operators/aggregate.hpp>
#include <libstream/state/row_keys.hpp>

namespace stream {

class AggregateStates {
 public:
  /// Keys of the given types; `is_fixed_window` as in AggregateSpec.
  AggregateStates(std::vector<DataType> key_types, const std::vector<bool>& is_fixed_window,
                  std::vector<AggregateCall> calls);

  /// The groups of rows with these keys, made where missing. Valid until the next call.
  std::span<const std::uint32_t> group(std::span<const Column> keys, std::size_t num_rows);
  /// A new group without a key, for operators that tell groups apart themselves; `group` is not
  /// used then.
  std::uint32_t add_group();
  /// Groups that the last call of `group` made.
  const std::vector<std::uint32_t>& made() const { return made_; }
  /// Row i of `rows` goes into group groups[i]: filters, arguments and distinct are seen to.
  Result<void> update(const Batch& rows, std::span<const std::uint32_t> groups,
                      EvaluationContext& context);
  /// `states`: the state columns of all calls.
  Result<void> merge(std::span<const Column> states, std::span<const std::uint32_t> groups);

  void append_keys(std::span<const std::uint32_t> groups, std::span<ColumnBuilder> builders) const;
  void append_states(std::span<const std::uint32_t> groups,
                     std::span<ColumnBuilder> builders) const;
  Result<void> append_results(std::span<const std::uint32_t> groups,
                              std::span<ColumnBuilder> builders, EvaluationContext& context) const;

  /// Groups that there are now.
  std::size_t size() const { return table_.size(); }
  /// One more than the highest group number.
  std::size_t num_groups() const { return table_.num_groups(); }
  bool is_used(std::uint32_t group) const { return table_.is_used(group); }
  std::size_t bytes() const;

  /// GroupTable::kNone: there is no such group.
  std::uint32_t find(const RowKey& key) const { return table_.find(key); }
  std::span<const RowKey> encode(std::span<const Column> keys, std::size_t num_rows) {
    return keys_.encode(keys, num_rows);
  }

  /// The group is as new.
  void reset(std::uint32_t group);
  void erase(std::uint32_t group);
  void erase(std::span<const std::uint32_t> groups);
  void clear();

  std::size_t num_keys() const { return keys_.num_columns(); }
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

  RowKeys keys_;
  std::vector<AggregateCall> calls_;
  std::size_t num_state_columns_ = 0;
  std::uint64_t num_added_ = 0;
  GroupTable table_;
  std::vector<std::unique_ptr<Accumulator>> accumulators_;
  std::vector<std::unique_ptr<SeenValues>> seen_;  ///< by call; nullptr: not distinct
  std::vector<std::uint32_t> groups_;
  std::vector<std::uint32_t> made_;
  std::vector<std::uint32_t> distinct_groups_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> filtered_groups_;
};

std::vector<DataType> types_of(const std::vector<TypedExpr>& expressions);

}  // namespace stream
