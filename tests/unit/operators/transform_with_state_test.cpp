#include <libstream/operators/transform_with_state.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/operators/aggregate_cases.hpp>

namespace stream::testing {
namespace {

std::shared_ptr<const Schema> results() { return schema_of({{"k", text()}, {"n", bigint()}}); }

Result<void> emit(Output& output, const Batch& key, std::int64_t value) {
  static BlockPool pool;
  return output.push(batch_of(results(), {{value_at(key.column(0), 0), to_value(value)}}, pool));
}

/// Counts rows in a value, keeps them in a list and in a map by value, and sets a timer a row.
class Recorder final : public StatefulProcessor {
 public:
  explicit Recorder(std::optional<std::int64_t> ttl) : ttl_(ttl) {}

  Result<std::vector<StateVariable>> variables(TimeMode mode) override {
    mode_ = mode;
    return std::vector<StateVariable>{
        {"count", StateVariable::Kind::value, bigint(), {}, {}},
        {"rows", StateVariable::Kind::list, bigint(), {}, ttl_},
        {"by value", StateVariable::Kind::map, bigint(), bigint(), {}}};
  }
  Result<void> initial_state(const Batch&, const Batch& row, ProcessorState& state) override {
    return state.append(1, value_at(row.column(1), 0));
  }
  Result<void> rows(const Batch& key, const std::vector<Batch>& rows, ProcessorState& state,
                    Output& output) override {
    for (const Batch& batch : rows) {
      for (std::size_t i = 0; i < batch.num_rows(); ++i) {
        const std::int64_t v = batch.column(2).data<std::int64_t>()[i];
        if (v < 0) {
          for (std::size_t variable = 0; variable < 3; ++variable) state.clear(variable);
          return emit(output, key, -1);
        }
        const Value before = state.get(0);
        const std::int64_t count = before.is_null() ? 0 : before.as<std::int64_t>();
        STREAM_TRY(state.update(0, to_value(count + 1)));
        STREAM_TRY(state.append(1, to_value(v)));
        const Value seen = state.get(2, to_value(v));
        STREAM_TRY(state.update(2, to_value(v),
                                to_value(seen.is_null() ? 1 : seen.as<std::int64_t>() + 1)));
        if (mode_ != TimeMode::none) STREAM_TRY(state.register_timer(v * 1000));
      }
    }
    std::int64_t digits = 0;
    for (const Value& v : state.get_list(1)) digits = digits * 10 + v.as<std::int64_t>();
    STREAM_TRY(emit(output, key, digits));
    return emit(
        output, key,
        state.get(0).as<std::int64_t>() * 100 + static_cast<std::int64_t>(state.entries(2).size()));
  }
  Result<void> timer(const Batch& key, EpochMillis expiry, ProcessorState&,
                     Output& output) override {
    return emit(output, key, -expiry);
  }

 private:
  std::optional<std::int64_t> ttl_;
  TimeMode mode_ = TimeMode::none;
};

TransformWithStateSpec spec_of(TimeMode mode, std::optional<std::int64_t> ttl = {}) {
  TransformWithStateSpec spec;
  spec.keys = {0};
  spec.key_fields = {{"k", text(), true}};
  spec.mode = mode;
  spec.event_time = 1;
  spec.make_processor = [ttl] { return std::make_unique<Recorder>(ttl); };
  spec.name = "recorder";
  spec.schema = results();
  return spec;
}

OperatorCase case_of(TransformWithStateSpec spec, std::vector<EpochScript> epochs) {
  OperatorCase script;
  script.inputs = {schema_of({{"k", text()}, {"t", timestamp()}, {"v", bigint()}})};
  script.partition_by = {{0}};
  script.make = make_transform_with_state(std::move(spec));
  script.epochs = std::move(epochs);
  return script;
}

}  // namespace

TEST_CASE("values, lists and maps of a key outlive epochs until cleared") {
  const auto outputs = verify_operator(
      case_of(spec_of(TimeMode::none),
              {{{{0, {row("a", nullptr, 1), row("b", nullptr, 5), row("a", nullptr, 2)}}}},
               {{{0, {row("a", nullptr, 1)}}}},
               {{{0, {row("a", nullptr, -1)}}}},
               {{{0, {row("a", nullptr, 7)}}}}}),
      {{"a|12", "a|202", "b|5", "b|101"}, {"a|121", "a|302"}, {"a|-1"}, {"a|7", "a|101"}});
  CHECK(outputs[1].counts.rows == 9);
  CHECK(outputs[2].counts.rows == 3);
}

TEST_CASE("timers fire at their time and not again") {
  verify_operator(case_of(spec_of(TimeMode::event_time),
                          {{{{0, {row("a", seconds(5), 3), row("a", seconds(5), 9)}}}, 0},
                           {{}, 2'999},
                           {{{0, {row("a", seconds(2), 4)}}}, 3'000},
                           {{}, 9'000},
                           {{}, 99'000}}),
                  {{"a|39", "a|202"}, {}, {"a|-3000"}, {"a|-9000"}, {}});
}

TEST_CASE("values with a time to live are hidden when it is over") {
  const auto outputs = verify_operator(
      case_of(spec_of(TimeMode::processing_time, 1'000),
              {{{{0, {row("a", nullptr, 500)}}}, 0, 10'000},
               {{{0, {row("a", nullptr, 2)}}}, 0, 10'999},
               {{{0, {row("a", nullptr, 3)}}}, 0, 11'000}}),
      {{"a|500", "a|101"}, {"a|5002", "a|202", "a|-2000"}, {"a|23", "a|303", "a|-3000"}});
  // count, two list entries, three of the map, one timer.
  CHECK(outputs[2].counts.rows == 7);
}

TEST_CASE("a time to live needs processing time") {
  BlockPool pool;
  const auto made = make_transform_with_state(spec_of(TimeMode::event_time, 1'000))();
  const OperatorContext context{pool, 0, 1, 1, 1, {}, kDefaultKeyGroups, 4096};
  CHECK(!made->open(context).has_value());
}

TEST_CASE("an initial state may have several rows a key") {
  BlockPool pool;
  TransformWithStateSpec spec = spec_of(TimeMode::none);
  spec.initial_state = std::make_shared<const Batch>(batch_of(
      schema_of({{"k", text()}, {"s", bigint()}}), {row("a", 8), row("a", 9), row("z", 1)}, pool));
  verify_operator(case_of(spec, {{{{0, {row("a", nullptr, 1)}}}}, {{{0, {row("z", nullptr, 2)}}}}}),
                  {{"a|891", "a|101"}, {"z|12", "z|101"}});
}

}  // namespace stream::testing
