#include <libstream/connectors/memory/callback_sink.hpp>
#include <tests/unit/connectors/sink_harness.hpp>

#include <stdexcept>

namespace stream::testing {
namespace {

TEST_CASE("The function gets each whole epoch once, empty ones too") {
  struct Call {
    std::int64_t epoch;
    EpochMillis batch_time;
    std::size_t num_rows;
  };
  std::vector<Call> calls;
  const auto sink =
      callback_sink([&](std::int64_t epoch, EpochMillis time, std::vector<Batch> batches) {
        std::size_t num_rows = 0;
        for (const Batch& batch : batches) num_rows += batch.num_rows();
        calls.push_back({epoch, time, num_rows});
        return Result<void>();
      });
  CHECK(sink->may_block());
  CHECK(sink->kind() == SinkKind::direct);
  const auto first = open_writer(*sink, 0, 2);
  const auto second = open_writer(*sink, 1, 2);
  REQUIRE(write_epoch(*first, 0, 1000, {string_batch({"a", "b"}), string_batch({"c"})}));
  CHECK(calls.empty());
  REQUIRE(write_epoch(*second, 0, 1000, {string_batch({"d"})}));
  REQUIRE(write_epoch(*first, 1, 2000, {}));
  REQUIRE(write_epoch(*second, 1, 2000, {}));
  REQUIRE(calls.size() == 2);
  CHECK(calls[0].epoch == 0);
  CHECK(calls[0].batch_time == 1000);
  CHECK(calls[0].num_rows == 4);
  CHECK(calls[1].epoch == 1);
  CHECK(calls[1].num_rows == 0);
}

TEST_CASE("An exception of the function is an error of class user_code that names the epoch") {
  const auto sink =
      callback_sink([](std::int64_t, EpochMillis, std::vector<Batch>) -> Result<void> {
        throw std::runtime_error("table is locked");
      });
  const auto written = write_epoch(*open_writer(*sink), 7, 1000, {string_batch({"a"})});
  REQUIRE_FALSE(written);
  CHECK(written.error().error_class() == ErrorClass::user_code);
  CHECK_THAT(written.error().message(),
             Catch::Matchers::ContainsSubstring("epoch 7: table is locked"));
}

TEST_CASE("An epoch over the byte limit fails instead of filling the memory") {
  bool is_called = false;
  CallbackOptions options;
  options.max_epoch_bytes = 100;
  const auto sink = callback_sink(
      [&](std::int64_t, EpochMillis, std::vector<Batch>) {
        is_called = true;
        return Result<void>();
      },
      options);
  const auto written =
      write_epoch(*open_writer(*sink), 0, 1000, {string_batch({std::string(1000, 'x')})});
  REQUIRE_FALSE(written);
  CHECK_THAT(written.error().message(), Catch::Matchers::ContainsSubstring("max_epoch_bytes"));
  CHECK_FALSE(is_called);
}

}  // namespace
}  // namespace stream::testing
