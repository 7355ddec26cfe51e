#include <libstream/connectors/memory/collect_sink.hpp>
#include <tests/unit/connectors/reader_harness.hpp>
#include <tests/unit/connectors/sink_harness.hpp>

namespace stream::testing {
namespace {

using Lines = std::vector<std::string>;

Lines all_lines(const std::vector<Batch>& batches) {
  Lines lines;
  for (const Batch& batch : batches)
    for (std::string& line : lines_of(batch)) lines.push_back(std::move(line));
  return lines;
}

TEST_CASE("Rows are kept by epoch, empty epochs too, and taken once") {
  const CollectSink sink;
  CHECK(sink.kind() == SinkKind::direct);
  const auto writer = open_writer(sink);
  REQUIRE(write_epoch(*writer, 0, 1000, {string_batch({"a"}), string_batch({"b", "c"})}));
  REQUIRE(write_epoch(*writer, 1, 2000, {}));
  CHECK(all_lines(sink.rows_of_epoch(0)) == Lines{"a", "b", "c"});
  const auto taken = sink.take();
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].epoch == 0);
  CHECK(taken[0].batch_time == 1000);
  CHECK(all_lines(taken[0].batches) == Lines{"a", "b", "c"});
  CHECK(taken[1].batch_time == 2000);
  CHECK(taken[1].batches.empty());
  CHECK(sink.take().empty());
}

TEST_CASE("An epoch counts as over when all tasks have ended it") {
  const CollectSink sink;
  const auto first = open_writer(sink, 0, 2);
  const auto second = open_writer(sink, 1, 2);
  REQUIRE(second->begin(0, 1000));
  REQUIRE(second->write(string_batch({"late task"})));
  REQUIRE(write_epoch(*first, 0, 1000, {string_batch({"early task"})}));
  CHECK(sink.take().empty());
  CHECK_FALSE(sink.wait_for_epoch(0, Duration{0}));
  REQUIRE(second->end(0));
  CHECK(sink.wait_for_epoch(0, Duration{0}));
  CHECK(all_lines(sink.take()[0].batches) == Lines{"early task", "late task"});
}

TEST_CASE("An epoch that runs again replaces its rows") {
  const CollectSink sink;
  REQUIRE(write_epoch(*open_writer(sink), 0, 1000, {string_batch({"a"})}));
  {
    const auto lost = open_writer(sink);
    REQUIRE(lost->begin(1, 2000));
    REQUIRE(lost->write(string_batch({"half"})));
  }
  REQUIRE(write_epoch(*open_writer(sink), 0, 1000, {string_batch({"a"})}));
  CHECK(sink.rows_of_epoch(1).empty());
  REQUIRE(write_epoch(*open_writer(sink), 1, 2000, {string_batch({"whole"})}));
  const auto taken = sink.take();
  REQUIRE(taken.size() == 2);
  CHECK(all_lines(taken[0].batches) == Lines{"a"});
  CHECK(all_lines(taken[1].batches) == Lines{"whole"});
}

}  // namespace
}  // namespace stream::testing
