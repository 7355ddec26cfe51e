#include <libstream/data/gather.hpp>
#include <libstream/operators/aggregate_columns.hpp>
#include <libstream/operators/evaluation_scope.hpp>

#include <algorithm>
#include <numeric>

namespace stream {

std::vector<DataType> types_of(const std::vector<TypedExpr>& expressions) {
  std::vector<DataType> types;
  for (const TypedExpr& expression : expressions) types.push_back(expression->type);
  return types;
}

AggregateColumns::AggregateColumns(std::vector<AggregateCall> calls) : calls_(std::move(calls)) {
  for (const AggregateCall& call : calls_) {
    num_state_columns_ += call.function.state.size();
    if (!call.is_distinct) {
      seen_.push_back(nullptr);
      continue;
    }
    std::vector<DataType> types{primitive(TypeKind::int32)};
    for (const TypedExpr& argument : call.arguments) types.push_back(argument->type);
    seen_.push_back(std::make_unique<SeenValues>(SeenValues{RowKeys(std::move(types)), {}}));
  }
  make_accumulators();
}

void AggregateColumns::make_accumulators() {
  accumulators_.clear();
  for (const AggregateCall& call : calls_) accumulators_.push_back(call.function.make());
}

void AggregateColumns::make_room(std::size_t num_groups) {
  for (const auto& accumulator : accumulators_) accumulator->resize(num_groups);
}

void AggregateColumns::prefetch(std::span<const std::uint32_t> groups) const {
  // A batch of more states would push the first out of the cache.
  constexpr std::size_t kMostFetched = 4;
  for (std::size_t i = 0; i < std::min(kMostFetched, accumulators_.size()); ++i)
    accumulators_[i]->prefetch(groups);
}

Result<void> AggregateColumns::update(const Batch& rows, std::span<const std::uint32_t> groups,
                                      EvaluationContext& context) {
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const AggregateCall& call = calls_[i];
    if (!call.filter) {
      STREAM_TRY(update_call(i, rows, groups, context));
      continue;
    }
    STREAM_TRY(const Operand condition, evaluate_operand(*call.filter, rows, context));
    rows_where_true(condition, rows.num_rows(), rows_);
    if (rows_.empty()) continue;
    // Arguments are looked at for chosen rows only: they may fail for others.
    filtered_groups_.clear();
    for (const std::uint32_t row : rows_) filtered_groups_.push_back(groups[row]);
    const bool takes_all = rows_.size() == rows.num_rows();
    STREAM_TRY(update_call(i, takes_all ? rows : gather(rows, rows_, context.pool),
                           filtered_groups_, context));
  }
  return {};
}

Result<void> AggregateColumns::update_call(std::size_t index, const Batch& rows,
                                           std::span<const std::uint32_t> groups,
                                           EvaluationContext& context) {
  const AggregateCall& call = calls_[index];
  STREAM_TRY(const std::vector<Operand> arguments,
             evaluate_operands(call.arguments, rows, context));
  if (seen_[index]) groups = first_seen(*seen_[index], arguments, groups, context);
  return accumulators_[index]->update(arguments, groups, context);
}

std::span<const std::uint32_t> AggregateColumns::first_seen(SeenValues& seen,
                                                            std::span<const Operand> arguments,
                                                            std::span<const std::uint32_t> groups,
                                                            EvaluationContext& context) {
  std::vector<Column> columns(1);
  columns[0].type = primitive(TypeKind::int32);
  columns[0].num_rows = groups.size();
  columns[0].values = context.pool.allocate(groups.size_bytes() + 1);
  std::memcpy(columns[0].values.data(), groups.data(), groups.size_bytes());
  for (const Operand& argument : arguments)
    columns.push_back(expand(argument, groups.size(), context.pool));
  const std::span<const RowKey> keys = seen.keys.encode(columns, groups.size());
  distinct_groups_.assign(groups.begin(), groups.end());
  for (std::size_t row = 0; row < groups.size(); ++row) {
    bool is_new = false;
    seen.table.find_or_insert(keys[row], is_new);
    if (!is_new) distinct_groups_[row] = Accumulator::kNoGroup;
  }
  return distinct_groups_;
}

Result<void> AggregateColumns::merge(std::span<const Column> states,
                                     std::span<const std::uint32_t> groups) {
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const std::size_t count = calls_[i].function.state.size();
    STREAM_TRY(accumulators_[i]->merge(states.first(count), groups));
    states = states.subspan(count);
  }
  return {};
}

void AggregateColumns::append_states(std::span<const std::uint32_t> groups,
                                     std::span<ColumnBuilder> builders) const {
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const std::size_t count = calls_[i].function.state.size();
    accumulators_[i]->append_state(groups, builders.first(count));
    builders = builders.subspan(count);
  }
}

Result<void> AggregateColumns::append_results(std::span<const std::uint32_t> groups,
                                              std::span<ColumnBuilder> builders,
                                              EvaluationContext& context) const {
  for (std::size_t i = 0; i < calls_.size(); ++i)
    STREAM_TRY(accumulators_[i]->append_result(groups, builders[i], context));
  return {};
}

std::size_t AggregateColumns::bytes() const {
  std::size_t bytes = 0;
  for (const auto& accumulator : accumulators_) bytes += accumulator->bytes();
  for (const auto& seen : seen_) bytes += seen ? seen->table.bytes() : 0;
  return bytes;
}

void AggregateColumns::reset(std::span<const std::uint32_t> groups) {
  for (const auto& accumulator : accumulators_) accumulator->clear(groups);
}

void AggregateColumns::reset_all(std::size_t num_groups) {
  constexpr std::size_t kKeptGroups = 1u << 18;  // above, memory is given back
  for (const auto& seen : seen_) {
    if (seen) seen->table.clear();
  }
  if (num_groups > kKeptGroups) return make_accumulators();
  std::vector<std::uint32_t> groups(num_groups);
  std::iota(groups.begin(), groups.end(), 0u);
  reset(groups);
}

}  // namespace stream
