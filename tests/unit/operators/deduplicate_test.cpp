#include <libstream/operators/deduplicate.hpp>
#include <tests/kit/catch.hpp>
#include <tests/unit/operators/aggregate_cases.hpp>

namespace stream::testing {
namespace {

OperatorCase case_of(DeduplicateSpec spec, std::vector<EpochScript> epochs) {
  spec.output = {0, 1, 2};
  spec.schema = events();
  OperatorCase script;
  script.inputs = {events()};
  script.partition_by = {spec.keys};
  script.make = make_deduplicate(std::move(spec));
  script.epochs = std::move(epochs);
  return script;
}

}  // namespace

TEST_CASE("the first row of a key passes, over the query's life") {
  DeduplicateSpec spec;
  spec.keys = {0};
  const auto outputs = verify_operator(
      case_of(spec, {{{{0,
                        {row("a", seconds(1), 1), row("b", seconds(1), 2), row("a", seconds(2), 3),
                         row(nullptr, seconds(2), 4), row(nullptr, seconds(2), 5)}}}},
                     {{{0, {row("b", seconds(9), 6), row("c", seconds(9), 7)}}}}}),
      {{"a|1000000|1", "b|1000000|2", "null|2000000|4"}, {"c|9000000|7"}});
  CHECK(outputs[0].counts.dropped_duplicates == 2);
  CHECK(outputs[1].counts.rows == 4);
}

TEST_CASE("keys with the event time leave with the watermark, and late rows are dropped") {
  DeduplicateSpec spec;
  spec.keys = {0, 1};
  spec.event_time = 1;
  const auto outputs = verify_operator(
      case_of(spec, {{{{0, {row("a", seconds(10), 1), row("a", seconds(15), 2)}}}, 0},
                     {{}, 10'000},
                     {{{0, {row("a", seconds(10), 3), row("a", seconds(15), 4)}}}, 10'000}}),
      {{"a|10000000|1", "a|15000000|2"}, {}, {}});
  CHECK(outputs[1].counts.rows == 1);
  CHECK(outputs[1].counts.removed == 1);
  CHECK(outputs[2].counts.dropped_by_watermark == 1);
  CHECK(outputs[2].counts.dropped_duplicates == 1);
}

TEST_CASE("within the watermark a key expires a delay after its first row") {
  DeduplicateSpec spec;
  spec.keys = {0};
  spec.event_time = 1;
  spec.delay_millis = 2'000;
  // R-072; and a null time expires with the first watermark past the delay.
  const auto outputs = verify_operator(
      case_of(spec, {{{{0, {row("a", seconds(17), 1), row("n", nullptr, 2)}}}, 0},
                     {{}, 15'000},
                     {{{0, {row("a", seconds(16), 3), row("a", seconds(13), 4)}}}, 15'000},
                     {{{0, {row("b", seconds(22), 5)}}}, 15'000},
                     {{}, 20'000},
                     {{{0, {row("a", seconds(21), 6)}}}, 20'000}}),
      {{"a|17000000|1", "n|null|2"}, {}, {}, {"b|22000000|5"}, {}, {"a|21000000|6"}});
  CHECK(outputs[1].counts.rows == 1);
  CHECK(outputs[2].counts.dropped_by_watermark == 1);
  CHECK(outputs[2].counts.dropped_duplicates == 1);
}

}  // namespace stream::testing
