// Functions of a whole window partition: row_number, rank, dense_rank, percent_rank, cume_dist,
// ntile, lag, lead. nth_value follows the window's frame and so is an aggregate.
#include <libstream/expressions/builtin_functions.hpp>
#include <libstream/expressions/functions/accumulators.hpp>
#include <libstream/expressions/functions/percentages.hpp>
#include <libstream/expressions/window_function.hpp>

namespace stream {
namespace {

using Compute = Result<void> (*)(const WindowPartition&, ColumnBuilder&, EvaluationContext&);

/// First row and the row after the last of the peers of `row`.
std::pair<std::size_t, std::size_t> peers_of(const WindowPartition& partition, std::size_t row) {
  std::size_t begin = row;
  while (begin > 0 && partition.peer_group[begin - 1] == partition.peer_group[row]) --begin;
  std::size_t end = row + 1;
  while (end < partition.num_rows && partition.peer_group[end] == partition.peer_group[row]) ++end;
  return {begin, end};
}

/// Calls append(begin, end, group) for each row with its peers.
template <class Append>
Result<void> for_each_peer_group(const WindowPartition& partition, Append append) {
  for (std::size_t begin = 0; begin < partition.num_rows;) {
    const std::size_t end = peers_of(partition, begin).second;
    for (std::size_t row = begin; row < end; ++row) append(begin, end, partition.peer_group[row]);
    begin = end;
  }
  return {};
}

Result<void> row_numbers(const WindowPartition& partition, ColumnBuilder& builder,
                         EvaluationContext&) {
  for (std::size_t row = 0; row < partition.num_rows; ++row)
    builder.append(static_cast<std::int32_t>(row + 1));
  return {};
}

Result<void> ranks(const WindowPartition& partition, ColumnBuilder& builder, EvaluationContext&) {
  return for_each_peer_group(partition, [&](std::size_t begin, std::size_t, std::uint32_t) {
    builder.append(static_cast<std::int32_t>(begin + 1));
  });
}

Result<void> dense_ranks(const WindowPartition& partition, ColumnBuilder& builder,
                         EvaluationContext&) {
  for (std::size_t row = 0; row < partition.num_rows; ++row)
    builder.append(
        static_cast<std::int32_t>(partition.peer_group[row] - partition.peer_group[0] + 1));
  return {};
}

Result<void> percent_ranks(const WindowPartition& partition, ColumnBuilder& builder,
                           EvaluationContext&) {
  const auto num_others = static_cast<double>(partition.num_rows - 1);
  return for_each_peer_group(partition, [&](std::size_t begin, std::size_t, std::uint32_t) {
    builder.append(num_others > 0 ? static_cast<double>(begin) / num_others : 0.0);
  });
}

Result<void> cumulative_shares(const WindowPartition& partition, ColumnBuilder& builder,
                               EvaluationContext&) {
  const auto num_rows = static_cast<double>(partition.num_rows);
  return for_each_peer_group(partition, [&](std::size_t, std::size_t end, std::uint32_t) {
    builder.append(static_cast<double>(end) / num_rows);
  });
}

void add_rank(FunctionRegistry& registry, std::string name, std::string usage, TypeKind type,
              Compute compute) {
  registry.add(WindowFunction{std::move(name), std::move(usage), 0, kAnyNumber,
                              [type, compute](Arguments arguments, bool, const SqlSettings&)
                                  -> Result<ResolvedWindowFunction> {
                                ResolvedWindowFunction rank;
                                for (const Argument& argument : arguments)
                                  rank.parameter_types.push_back(argument.type);
                                rank.type = primitive(type);
                                rank.is_nullable = false;
                                rank.compute = compute;
                                return rank;
                              }});
}

/// A constant integer argument.
Result<std::int64_t> constant_integer(std::string_view name, Arguments arguments,
                                      std::size_t index) {
  const Argument& argument = arguments[index];
  if (!is_integral(argument.type.kind))
    return wrong_argument(name, arguments, index, "the \"INT\" type");
  if (!argument.constant)
    return analysis_error("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT",
                          std::string(name) + ": the argument must be a constant");
  const std::optional<double> number = constant_number(*argument.constant, argument.type);
  if (!number)
    return analysis_error("DATATYPE_MISMATCH.UNEXPECTED_NULL",
                          std::string(name) + ": the argument must not be NULL");
  return static_cast<std::int64_t>(*number);
}

Result<ResolvedWindowFunction> resolve_ntile(Arguments arguments, bool, const SqlSettings&) {
  std::int64_t num_buckets = 1;
  if (!arguments.empty()) {
    STREAM_TRY(num_buckets, constant_integer("ntile", arguments, 0));
  }
  if (num_buckets <= 0)
    return analysis_error("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                          "ntile: the number of buckets must be positive");
  ResolvedWindowFunction ntile;
  for (const Argument& argument : arguments) ntile.parameter_types.push_back(argument.type);
  ntile.type = primitive(TypeKind::int32);
  ntile.is_nullable = false;
  ntile.compute = [count = static_cast<std::size_t>(num_buckets)](
                      const WindowPartition& partition, ColumnBuilder& builder,
                      EvaluationContext&) -> Result<void> {
    const std::size_t size = partition.num_rows / count;
    const std::size_t num_larger = partition.num_rows % count;  // these hold one row more
    const std::size_t in_larger = num_larger * (size + 1);
    for (std::size_t row = 0; row < partition.num_rows; ++row) {
      const std::size_t bucket =
          row < in_larger ? row / (size + 1) : num_larger + (row - in_larger) / size;
      builder.append(static_cast<std::int32_t>(bucket + 1));
    }
    return {};
  };
  return ntile;
}

/// Appends for each row the value `offset` rows on (back when negative), or the default.
Result<void> shift(const WindowPartition& partition, std::int64_t offset, ColumnBuilder& builder) {
  const auto num_rows = static_cast<std::int64_t>(partition.num_rows);
  for (std::int64_t row = 0; row < num_rows; ++row) {
    const bool is_inside = offset >= -row && offset < num_rows - row;
    if (is_inside) {
      append_from(builder, partition.arguments[0], static_cast<std::size_t>(row + offset));
    } else if (partition.arguments.size() > 2) {
      append_from(builder, partition.arguments[2], static_cast<std::size_t>(row));
    } else {
      builder.append_null();
    }
  }
  return {};
}

/// The same, counting only rows whose value is not null.
Result<void> shift_over_nulls(const WindowPartition& partition, std::int64_t offset,
                              ColumnBuilder& builder) {
  const Column& values = partition.arguments[0];
  std::vector<std::size_t> places;  // of the values that are there
  for (std::size_t row = 0; row < partition.num_rows; ++row) {
    if (!values.is_null(row)) places.push_back(row);
  }
  std::size_t num_before = 0;
  for (std::size_t row = 0; row < partition.num_rows; ++row) {
    const bool is_there = !values.is_null(row);
    if (offset == 0) {
      append_from(builder, values, row);
      continue;
    }
    auto place = static_cast<std::int64_t>(num_before) + offset;
    if (offset > 0 && !is_there) --place;
    if (place >= 0 && place < static_cast<std::int64_t>(places.size())) {
      append_from(builder, values, places[static_cast<std::size_t>(place)]);
    } else if (partition.arguments.size() > 2) {
      append_from(builder, partition.arguments[2], row);
    } else {
      builder.append_null();
    }
    if (is_there) ++num_before;
  }
  return {};
}

Result<ResolvedWindowFunction> resolve_shift(std::string_view name, int direction,
                                             Arguments arguments, bool ignores_nulls) {
  std::int64_t offset = 1;
  if (arguments.size() > 1) {
    STREAM_TRY(offset, constant_integer(name, arguments, 1));
  }
  offset *= direction;
  ResolvedWindowFunction function;
  for (const Argument& argument : arguments) function.parameter_types.push_back(argument.type);
  if (arguments.size() == 3) {
    if (arguments[2].type.kind != TypeKind::null &&
        !is_same_type(arguments[0].type, arguments[2].type) &&
        !(is_numeric(arguments[0].type.kind) && is_numeric(arguments[2].type.kind)))
      return analysis_error("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                            std::string(name) + ": the default has another type than the value");
    function.parameter_types[2] = arguments[0].type;
  }
  function.type = arguments[0].type;
  function.compute = [offset, ignores_nulls](const WindowPartition& partition,
                                             ColumnBuilder& builder, EvaluationContext&) {
    return ignores_nulls ? shift_over_nulls(partition, offset, builder)
                         : shift(partition, offset, builder);
  };
  return function;
}

struct NthState {
  std::int64_t count = 0;
  Value value;
  std::size_t heap_bytes() const { return heap_bytes_of(value); }
};

/// The n-th row's value in the frame, NULL while there are fewer.
class NthAccumulator final : public GroupedAccumulator<NthState> {
 public:
  NthAccumulator(std::int64_t n, bool ignores_nulls) : n_(n), ignores_nulls_(ignores_nulls) {}

  Result<void> update(std::span<const Operand> arguments, std::span<const std::uint32_t> groups,
                      EvaluationContext&) override {
    const Column& column = arguments[0].column;
    for_each_row(arguments[0], groups, [&](std::uint32_t group, std::size_t row) {
      if (ignores_nulls_ && column.is_null(row)) return;
      NthState& state = states_[group];
      if (++state.count == n_) keep(state, value_at(column, row));
    });
    return {};
  }
  Result<void> merge(std::span<const Column> state,
                     std::span<const std::uint32_t> groups) override {
    for (std::size_t row = 0; row < groups.size(); ++row) {
      NthState& into = states_[groups[row]];
      const std::int64_t count = state[0].data<std::int64_t>()[row];
      // A later part knows its own n-th row only; it counts when nothing came before it.
      if (into.count == 0 && count >= n_) keep(into, value_at(state[1], row));
      into.count += count;
    }
    return {};
  }
  void append_state(std::span<const std::uint32_t> groups,
                    std::span<ColumnBuilder> builders) const override {
    for (const std::uint32_t group : groups) {
      builders[0].append(states_[group].count);
      append_value(builders[1], states_[group].value);
    }
  }
  Result<void> append_result(std::span<const std::uint32_t> groups, ColumnBuilder& builder,
                             EvaluationContext&) const override {
    for (const std::uint32_t group : groups) append_value(builder, states_[group].value);
    return {};
  }

 private:
  void keep(NthState& state, Value value) {
    heap_bytes_ -= state.heap_bytes();
    state.value = std::move(value);
    heap_bytes_ += state.heap_bytes();
  }

  std::int64_t n_;
  bool ignores_nulls_;
};

Result<ResolvedAggregate> resolve_nth(Arguments arguments, const AggregateModifiers& modifiers,
                                      const SqlSettings&) {
  STREAM_TRY(const std::int64_t n, constant_integer("nth_value", arguments, 1));
  if (n <= 0)
    return analysis_error("DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                          "nth_value: the offset must be positive");
  ResolvedAggregate nth;
  nth.parameter_types = {arguments[0].type, arguments[1].type};
  nth.type = arguments[0].type;
  nth.state = {{"count", primitive(TypeKind::int64), false}, {"value", nth.type, true}};
  nth.make = maker<NthAccumulator>(n, modifiers.ignores_nulls);
  return nth;
}

}  // namespace

void add_window_functions(FunctionRegistry& registry) {
  add_rank(registry, "row_number", "row_number() - the row's number in its partition, from 1",
           TypeKind::int32, row_numbers);
  add_rank(registry, "rank", "rank() - one more than the rows before the row's peers",
           TypeKind::int32, ranks);
  add_rank(registry, "dense_rank", "dense_rank() - the number of the row's peers, from 1",
           TypeKind::int32, dense_ranks);
  add_rank(registry, "percent_rank", "percent_rank() - the rank between 0 and 1", TypeKind::float64,
           percent_ranks);
  add_rank(registry, "cume_dist", "cume_dist() - the share of rows up to the row's peers",
           TypeKind::float64, cumulative_shares);
  registry.add(WindowFunction{"ntile", "ntile([n]) - which of n equal parts the row is in", 0, 1,
                              resolve_ntile});
  registry.add(WindowFunction{"lag", "lag(x[, offset[, default]]) - the value some rows before", 1,
                              3, [](Arguments arguments, bool ignores_nulls, const SqlSettings&) {
                                return resolve_shift("lag", -1, arguments, ignores_nulls);
                              }});
  registry.add(WindowFunction{"lead", "lead(x[, offset[, default]]) - the value some rows after", 1,
                              3, [](Arguments arguments, bool ignores_nulls, const SqlSettings&) {
                                return resolve_shift("lead", 1, arguments, ignores_nulls);
                              }});
  registry.add(AggregateFunction{"nth_value",
                                 "nth_value(x, n) - the value of the n-th row of the window",
                                 2,
                                 2,
                                 resolve_nth,
                                 {},
                                 true});
}

}  // namespace stream
