#include <libstream/operators/group_state.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/operators/aggregate_cases.hpp>

namespace stream::testing {
namespace {

std::shared_ptr<const Schema> events() {
  return schema_of({{"k", text()}, {"t", timestamp()}, {"v", bigint()}});
}

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

GroupStateSpec spec_of(GroupTimeout timeout, GroupFunction function) {
  GroupStateSpec spec;
  spec.keys = {0};
  spec.key_fields = {{"k", text(), true}};
  spec.state_type = bigint();
  spec.timeout = timeout;
  spec.event_time = 1;
  spec.has_watermark = true;
  spec.function = std::move(function);
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
  if (state.exists()) {
    STREAM_TRY(const Value before, state.get());
    sum += before.as<std::int64_t>();
  }
  STREAM_TRY(state.update(to_value(sum)));
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
    if (state.exists()) {
      STREAM_TRY(const Value before, state.get());
      greatest = std::max(greatest, before.as<std::int64_t>());
    }
    STREAM_TRY(state.update(to_value(greatest)));
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
    CHECK(!state.update(Value{}).has_value());
    CHECK(!state.get().has_value());
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
  GroupStateSpec spec = spec_of(GroupTimeout::none, running_sum);
  const auto add_up = [](const Batch& key, const std::vector<Batch>& rows, GroupState& state,
                         Output& output) -> Result<void> {
    STREAM_TRY(const Value before, state.get());
    return emit(output, key, before.as<std::int64_t>() + sum_of(rows));
  };
  spec.function = add_up;
  spec.initial_state = std::make_shared<const Batch>(
      batch_of(schema_of({{"k", text()}, {"s", bigint()}}), {row("a", 10), row("b", 20)}, pool));
  verify_operator(
      case_of(spec, {{{{0, {row("a", seconds(1), 1)}}}}, {{{0, {row("b", seconds(1), 2)}}}}}),
      {{"a|11", "b|20"}, {"b|22"}});
}

}  // namespace stream::testing
