#include <libstream/control/epoch_records.hpp>
#include <tests/kit/catch.hpp>

#include <random>

using namespace stream;
using Catch::Matchers::ContainsSubstring;

namespace {

EpochOffsets some_offsets() {
  return {7,
          1'700'000'000'000,
          1'699'999'999'000,
          3,
          4,
          {{"{\"a\":1}", "{\"a\":2}", false}, {"x", "", true}}};
}

EpochCommit some_commit() {
  EpochCommit commit;
  commit.epoch = 7;
  commit.term = 3;
  commit.batch_time = 1000;
  commit.ends = {"{\"a\":2}", "\"quoted\"\n"};
  commit.state_files = {
      {"count/7-3-0.delta", 100, 0xffff'ffff'ffff'ffffu, 0, 127, "count", 7, false}};
  commit.sink_messages = {{1, 2, "part-0"}};
  return commit;
}

}  // namespace

TEST_CASE("offsets come back from their text") {
  const auto parsed = parse_epoch_offsets(to_text(some_offsets()));
  REQUIRE(parsed);
  CHECK(parsed->epoch == 7);
  CHECK(parsed->batch_time == 1'700'000'000'000);
  CHECK(parsed->zero_time == 1'699'999'999'000);
  CHECK(parsed->term == 3);
  CHECK(parsed->parallelism == 4);
  REQUIRE(parsed->ranges.size() == 2);
  CHECK(parsed->ranges[0].end == "{\"a\":2}");
  CHECK(parsed->ranges[1].is_open);
}

TEST_CASE("commits come back from their text") {
  const auto parsed = parse_epoch_commit(to_text(some_commit()));
  REQUIRE(parsed);
  CHECK(parsed->ends == some_commit().ends);
  REQUIRE(parsed->state_files.size() == 1);
  CHECK(parsed->state_files[0].checksum == 0xffff'ffff'ffff'ffffu);
  CHECK(parsed->state_files[0].last_group == 127);
  CHECK(parsed->sink_messages.at(0).content == "part-0");
}

TEST_CASE("watermarks come back from both texts, and older texts mean zero and min (R-007)") {
  EpochOffsets offsets = some_offsets();
  offsets.watermark = 4'000;
  offsets.watermark_policy = WatermarkPolicy::max;
  const std::string text = to_text(offsets);
  CHECK_THAT(text, ContainsSubstring("\"batchWatermarkMs\":4000"));
  CHECK(parse_epoch_offsets(text)->watermark == 4'000);
  CHECK(parse_epoch_offsets(text)->watermark_policy == WatermarkPolicy::max);

  EpochCommit commit = some_commit();
  commit.watermark = 4'000;
  commit.next_watermark = 9'000;
  commit.watermark_policy = WatermarkPolicy::max;
  std::string commit_text = to_text(commit);
  CHECK(parse_epoch_commit(commit_text)->watermark == 4'000);
  CHECK(parse_epoch_commit(commit_text)->next_watermark == 9'000);
  CHECK(parse_epoch_commit(commit_text)->watermark_policy == WatermarkPolicy::max);
  for (const std::string entry : {"\"batchWatermarkMs\":4000,", "\"nextBatchWatermarkMs\":9000,"}) {
    const auto at = commit_text.find(entry);
    REQUIRE(at != std::string::npos);
    commit_text.erase(at, entry.size());
  }
  const auto at = commit_text.find(",\"watermarkPolicy\":\"max\"");
  REQUIRE(at != std::string::npos);
  commit_text.erase(at, std::string(",\"watermarkPolicy\":\"max\"").size());
  const auto old = parse_epoch_commit(commit_text);
  REQUIRE(old);
  CHECK(old->watermark == 0);
  CHECK(old->next_watermark == 0);
  CHECK(old->watermark_policy == WatermarkPolicy::min);
}

TEST_CASE("damaged texts are refused with the place of the damage") {
  const auto refuse = [](std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
    const auto parsed = parse_epoch_commit(text);
    REQUIRE_FALSE(parsed);
    return parsed.error().message();
  };
  const std::string text = to_text(some_commit());
  CHECK_THAT(refuse(text, "\"term\"", "\"turn\""), ContainsSubstring("commit.term is missing"));
  CHECK_THAT(refuse(text, "\"firstGroup\":0", "\"firstGroup\":-1"),
             ContainsSubstring("commit.stateFiles[0].firstGroup"));
  CHECK_THAT(refuse(text, "\"firstGroup\":0", "\"firstGroup\":128"),
             ContainsSubstring("lastGroup"));
  CHECK_THAT(refuse(text, "count/7-3-0.delta", "../../etc/passwd"), ContainsSubstring("name"));
  CHECK_THAT(refuse(text, "\"task\":2", "\"task\":4294967296"), ContainsSubstring("task"));
  CHECK_THAT(refuse(text, "\"term\":3", "\"term\":1e3"), ContainsSubstring("commit.term"));
  CHECK_THAT(refuse(text, "}]", "]"), ContainsSubstring("is not JSON"));
}

TEST_CASE("texts that are no object, too deep or of another kind are refused") {
  CHECK_FALSE(parse_epoch_offsets(""));
  CHECK_FALSE(parse_epoch_offsets("[]"));
  CHECK_FALSE(parse_epoch_offsets("null"));
  CHECK_FALSE(parse_epoch_offsets(to_text(some_commit())));
  const auto deep = parse_epoch_offsets(std::string(100'000, '['));
  REQUIRE_FALSE(deep);
}

TEST_CASE("texts with random damage never do more than fail") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::string whole = to_text(some_commit());
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = whole;
    for (auto n = 1 + random() % 3; n > 0; --n) {
      text[random() % text.size()] = static_cast<char>(random() % 256);
    }
    if (!parse_epoch_commit(text)) ++refused;
  }
  CHECK(refused > 0);
}

TEST_CASE("statistics of tasks add up") {
  EpochStatistics sum;
  EpochStatistics one;
  one.source_rows = {2, 3};
  one.sink_rows = {1, 3};
  one.rejected_rows = 1;
  one.operators["a"] = {"count", 1, 2, 3, 4, 5, 6};
  one.duration_millis["addBatch"] = 7;
  sum.add(one);
  sum.add(one);
  CHECK(sum.source_rows == std::vector<std::int64_t>{4, 6});
  CHECK(sum.operators["a"].name == "count");
  CHECK(sum.operators["a"].state_bytes == 12);
  CHECK(sum.sink_rows == std::vector<std::int64_t>{2, 6});
  CHECK(sum.rejected_rows == 2);
  CHECK(sum.duration_millis["addBatch"] == 14);
}
