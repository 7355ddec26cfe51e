#include <libstream/connectors/kafka/kafka_marker.hpp>
#include <tests/kit/catch.hpp>

using namespace stream;
using Catch::Matchers::ContainsSubstring;

namespace {

SinkHistory history(std::int64_t last_committed, std::int64_t unfinished, std::string message) {
  return {last_committed, unfinished, std::move(message)};
}

}  // namespace

TEST_CASE("a fresh query has no marker and writes everything") {
  CHECK(judge_kafka_marker({}, history(-1, -1, ""), "g").value() == -1);
}

TEST_CASE("the first epoch may be unfinished before any marker was kept") {
  CHECK(judge_kafka_marker({}, history(-1, 0, ""), "g").value() == -1);
  CHECK(judge_kafka_marker(0, history(-1, 0, ""), "g").value() == 0);
}

TEST_CASE("an unfinished epoch that went in is not written again") {
  CHECK(judge_kafka_marker(8, history(7, 8, "7"), "g").value() == 8);
  CHECK(judge_kafka_marker(7, history(7, 8, "7"), "g").value() == 7);
  // The task had no rows in 6 and 7.
  CHECK(judge_kafka_marker(5, history(7, 8, "5"), "g").value() == 5);
  CHECK(judge_kafka_marker(8, history(7, 8, "5"), "g").value() == 8);
}

TEST_CASE("a marker that is gone stops the query only where its answer is needed") {
  CHECK(judge_kafka_marker({}, history(7, -1, "7"), "g").value() == 7);
  CHECK_THAT(judge_kafka_marker({}, history(7, 8, "7"), "g").error().message(),
             ContainsSubstring("group g") && ContainsSubstring("epoch 8"));
}

TEST_CASE("a marker behind the checkpoint's is of another cluster") {
  CHECK_THAT(judge_kafka_marker(6, history(7, -1, "7"), "g").error().message(),
             ContainsSubstring("another cluster"));
}

TEST_CASE("a marker ahead of the checkpoint's epochs tells an old copy") {
  CHECK_THAT(judge_kafka_marker(8, history(7, -1, "7"), "g").error().message(),
             ContainsSubstring("old copy"));
  CHECK_THAT(judge_kafka_marker(9, history(7, 8, "7"), "g").error().message(),
             ContainsSubstring("epoch 9") && ContainsSubstring("epoch 8"));
  CHECK_FALSE(judge_kafka_marker(3, history(-1, -1, ""), "g"));
}
