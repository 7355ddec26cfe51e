#include <libstream/operators/group_state.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/operators/aggregate_cases.hpp>

namespace stream::testing {
namespace {

Result<void> emit(Output& output, const Batch& key, std::int64_t value) {
  static BlockPool pool;
  return output.push(batch_of(schema_of({{"k", text()}, {"n", bigint()}}),
                              {{value_at(key.column(0), 0), to_value(value)}}, pool));
}

std::int64_t sum_of(const std::vector<Batch>& rows) {
  std::int64_t sum = 0;
  for (const Batch& batch : rows) {
    for (std::size_t i = 0; i < batch.num_rows(); ++i)
      sum += batch.column(2).data<std::int64_t>()[i];
  }
  return sum;
}

/// A state that is a number.
std::optional<std::int64_t> number_in(const GroupState& state) {
  if (!state.object()) return std::nullopt;
  return *static_cast<const std::int64_t*>(state.object().get());
}
void set_number(GroupState& state, std::int64_t number) {
  state.update(std::make_shared<std::int64_t>(number));
}

using Function = std::function<Result<void>(const Batch& key, const std::vector<Batch>& rows,
                                            GroupState&, Output&)>;

/// Calls a function with the key's row and the key's rows as batches of their own.
class Calls final : public GroupFunction {
 public:
  explicit Calls(Function function) : function_(std::move(function)) {}
  Result<void> call(const GroupKey& key, const GroupRows& rows, GroupState& state,
                    Output& output) override {
    const std::uint32_t key_row[] = {static_cast<std::uint32_t>(key.row)};
    const Batch whole = gather(key.batch, key_row, pool_);
    const Batch key_batch(schema_of({{"k", text()}}), {whole.column(key.columns[0])}, 1);
    std::vector<Batch> batches;
    for (const RowPlace place : rows.places) {
      const std::uint32_t row[] = {place.row};
      batches.push_back(gather(rows.batches[place.batch], row, pool_));
    }
    return function_(key_batch, batches, state, output);
  }

 private:
  Function function_;
  BlockPool pool_;
};

GroupStateSpec spec_of(GroupTimeout timeout, Function function) {
  GroupStateSpec spec;
  spec.keys = {0};
  spec.key_fields = {{"k", text(), true}};
  spec.state_type = bigint();
  spec.timeout = timeout;
  spec.event_time = 1;
  spec.has_watermark = true;
  spec.codec = {[](ColumnBuilder& builder, const void* object) {
                  builder.append(*static_cast<const std::int64_t*>(object));
                },
                [](const Column& column, std::size_t row) -> std::shared_ptr<void> {
                  return std::make_shared<std::int64_t>(column.data<std::int64_t>()[row]);
                }};
  spec.make_function = [function = std::move(function)] {
    return std::make_unique<Calls>(function);
  };
  spec.name = "sums";
  spec.schema = schema_of({{"k", text()}, {"n", bigint()}});
  return spec;
}

OperatorCase case_of(GroupStateSpec spec, std::vector<EpochScript> epochs) {
  OperatorCase script;
  script.inputs = {events()};
  script.partition_by = {{0}};
  script.make = make_group_state(std::move(spec));
  script.epochs = std::move(epochs);
  return script;
}

/// Emits the running sum; removes the key when its rows sum to 0.
Result<void> running_sum(const Batch& key, const std::vector<Batch>& rows, GroupState& state,
                         Output& output) {
  std::int64_t sum = sum_of(rows);
  if (sum == 0) {
    state.remove();
    return emit(output, key, -1);
  }
  sum += number_in(state).value_or(0);
  set_number(state, sum);
  return emit(output, key, sum);
}

}  // namespace

TEST_CASE("a function sees all rows of a key at once and its state from before") {
  const auto outputs = verify_operator(
      case_of(spec_of(GroupTimeout::none, running_sum),
              {{{{0, {row("a", seconds(1), 1), row("b", seconds(1), 2), row("a", seconds(1), 3)}}}},
               {{{0, {row("a", seconds(1), 5), row("b", seconds(1), 0)}}}},
               {{{0, {row("b", seconds(1), 7)}}}}}),
      {{"a|4", "b|2"}, {"a|9", "b|-1"}, {"b|7"}});
  CHECK(outputs[1].counts.rows == 1);
}

TEST_CASE("event-time time-outs fire behind the watermark, once and after the data") {
  // five seconds after the greatest time.
  const auto function = [](const Batch& key, const std::vector<Batch>& rows, GroupState& state,
                           Output& output) -> Result<void> {
    if (state.has_timed_out()) {
      state.remove();
      return emit(output, key, -1);
    }
    std::int64_t greatest = 0;
    std::int64_t count = 0;
    for (const Batch& batch : rows) {
      for (std::size_t i = 0; i < batch.num_rows(); ++i, ++count)
        greatest = std::max(greatest, batch.column(1).data<std::int64_t>()[i] / 1'000'000);
    }
    greatest = std::max(greatest, number_in(state).value_or(0));
    set_number(state, greatest);
    STREAM_TRY(state.set_timeout_timestamp((greatest + 5) * 1000));
    return emit(output, key, count);
  };
  const auto outputs = verify_operator(
      case_of(
          spec_of(GroupTimeout::event_time, function),
          {{{{0, {row("a", seconds(11), 0), row("a", seconds(13), 0), row("a", seconds(15), 0)}}},
            0},
           {{{0, {row("a", seconds(4), 0)}}}, 5'000},
           {{{0, {row("a", seconds(10), 0), row("a", seconds(4), 0)}}}, 5'000},
           {{{0, {row("b", seconds(31), 0)}}}, 20'000},
           {{}, 21'000},
           {{}, 90'000}}),
      {{"a|3"}, {"a|1"}, {"a|1"}, {"b|1"}, {"a|-1"}, {"b|-1"}});
  CHECK(outputs[2].counts.dropped_by_watermark == 1);
  CHECK(outputs[4].counts.rows == 1);
}

TEST_CASE("processing-time time-outs count from the epoch's time") {
  const auto function = [](const Batch& key, const std::vector<Batch>&, GroupState& state,
                           Output& output) -> Result<void> {
    if (state.has_timed_out()) return emit(output, key, -1);
    STREAM_TRY(state.set_timeout_duration(1'000));
    CHECK(!state.set_timeout_timestamp(5).has_value());
    CHECK(!number_in(state));
    return emit(output, key, 1);
  };
  const auto outputs = verify_operator(case_of(spec_of(GroupTimeout::processing_time, function),
                                               {{{{0, {row("a", seconds(1), 1)}}}, 0, 10'000},
                                                {{}, 0, 11'000},
                                                {{}, 0, 11'001},
                                                {{}, 0, 99'000}}),
                                       {{"a|1"}, {}, {"a|-1"}, {}});
  // A time-out alone is kept too.
  CHECK(outputs[0].counts.rows == 1);
  CHECK(outputs[2].counts.rows == 0);
}

TEST_CASE("the initial state counts in the first epoch, also for keys without rows") {
  BlockPool pool;
  const auto add_up = [](const Batch& key, const std::vector<Batch>& rows, GroupState& state,
                         Output& output) -> Result<void> {
    return emit(output, key, number_in(state).value() + sum_of(rows));
  };
  GroupStateSpec spec = spec_of(GroupTimeout::none, add_up);
  spec.initial_state = std::make_shared<const Batch>(
      batch_of(schema_of({{"k", text()}, {"s", bigint()}}), {row("a", 10), row("b", 20)}, pool));
  verify_operator(
      case_of(spec, {{{{0, {row("a", seconds(1), 1)}}}}, {{{0, {row("b", seconds(1), 2)}}}}}),
      {{"a|11", "b|20"}, {"b|22"}});
}

}  // namespace stream::testing
