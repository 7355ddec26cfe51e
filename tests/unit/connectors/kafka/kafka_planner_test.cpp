#include <libstream/connectors/kafka/kafka_planner.hpp>
#include <tests/kit/catch.hpp>

namespace stream {
namespace {

/// A broker as a table: partition -> first and last offset.
struct Topics {
  std::map<TopicPartition, std::pair<std::int64_t, std::int64_t>> logs;
  std::map<TopicPartition, std::int64_t> at_time;  // answer to any time; none: nothing that late
  std::vector<std::string> missing;
  PartitionOffsets published;
  int pauses = 0;
  std::function<void()> on_pause;
};

class TableOffsets final : public TopicOffsets {
 public:
  explicit TableOffsets(std::shared_ptr<Topics> topics) : topics_(std::move(topics)) {}
  Result<void> connect() override { return {}; }
  Result<FoundPartitions> find(bool) override {
    FoundPartitions found;
    for (const auto& entry : topics_->logs) found.partitions.insert(entry.first);
    found.missing = topics_->missing;
    return found;
  }
  Result<PartitionOffsets> earliest(const PartitionSet& partitions) override {
    return ends(partitions, true);
  }
  Result<PartitionOffsets> latest(const PartitionSet& partitions) override {
    return ends(partitions, false);
  }
  Result<PartitionOffsets> first_at(const PartitionOffsets& times) override {
    PartitionOffsets found;
    for (const auto& entry : times) {
      const auto at = topics_->at_time.find(entry.first);
      found[entry.first] = at == topics_->at_time.end() ? kLatestOffset : at->second;
    }
    return found;
  }
  void pause(Duration) override {
    ++topics_->pauses;
    if (topics_->on_pause) topics_->on_pause();
  }
  void publish(const PartitionOffsets& offsets) override { topics_->published = offsets; }

 private:
  PartitionOffsets ends(const PartitionSet& partitions, bool is_first) {
    PartitionOffsets found;
    for (const TopicPartition& partition : partitions) {
      const auto log = topics_->logs.find(partition);
      if (log != topics_->logs.end())
        found[partition] = is_first ? log->second.first : log->second.second;
    }
    return found;
  }
  std::shared_ptr<Topics> topics_;
};

class KeptLog final : public SourceLog {
 public:
  Result<void> write(std::int64_t n, const std::string& content) override {
    entries[n] = content;
    return {};
  }
  Result<std::vector<std::pair<std::int64_t, std::string>>> read_all() override {
    return std::vector<std::pair<std::int64_t, std::string>>(entries.begin(), entries.end());
  }
  Result<void> remove_below(std::int64_t) override { return {}; }
  std::map<std::int64_t, std::string> entries;
};

class WallClock final : public Clock {
 public:
  EpochMillis wall_millis() const override { return now; }
  std::int64_t steady_nanos() const override { return now * 1'000'000; }
  EpochMillis now = 1'000'000;
};

struct Planning {
  std::shared_ptr<Topics> topics = std::make_shared<Topics>();
  KeptLog log;
  WallClock clock;
  bool is_available_now = false;

  std::unique_ptr<SourcePlanner> planner(OptionMap more = {}, bool is_streaming = true) {
    more.emplace("kafka.bootstrap.servers", "b:9092");
    more.emplace("subscribe", "t");
    auto options = std::make_shared<const KafkaSourceOptions>(
        parse_kafka_source_options(std::move(more), is_streaming).value());
    std::unique_ptr<SourcePlanner> made;
    if (is_streaming) {
      made = std::make_unique<KafkaStreamPlanner>(options, std::make_unique<TableOffsets>(topics));
    } else {
      made = std::make_unique<KafkaBoundedPlanner>(options, std::make_unique<TableOffsets>(topics));
    }
    REQUIRE(made->open({local_file_system(), clock, log, 2, is_available_now}));
    return made;
  }
};

std::vector<std::string> ranges_of(const Result<std::vector<Split>>& splits) {
  std::vector<std::string> texts;
  REQUIRE(splits);
  for (const Split& split : splits.value())
    texts.push_back(parse_offset_range(split.content).value().to_string());
  return texts;
}

std::string latest(SourcePlanner& planner, const std::string& start) {
  return planner.latest_offset(start, 0).value().value();
}

TEST_CASE("the first offsets are kept before the first epoch and survive a restart (R-181)") {
  Planning planning;
  planning.topics->logs = {{{"t", 0}, {3, 10}}, {{"t", 1}, {0, 0}}};
  CHECK(planning.planner()->initial_offset().value() == R"({"t":{"0":10,"1":0}})");
  planning.topics->logs[{"t", 0}] = {3, 50};
  CHECK(planning.planner()->initial_offset().value() == R"({"t":{"0":10,"1":0}})");
  CHECK(planning.log.entries.at(0) == R"({"t":{"0":10,"1":0}})");
}

TEST_CASE("offsets given by JSON name every partition and may stand for both ends (R-180)") {
  Planning planning;
  planning.topics->logs = {{{"t", 0}, {3, 10}}, {{"t", 1}, {1, 8}}};
  CHECK(planning.planner({{"startingOffsets", R"({"t":{"0":-2,"1":-1}})"}})
            ->initial_offset()
            .value() == R"({"t":{"0":3,"1":8}})");
  Planning other = {planning.topics, {}, {}, false};
  const auto refused = other.planner({{"startingOffsets", R"({"t":{"0":5}})"}})->initial_offset();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("you must specify all TopicPartitions") !=
        std::string::npos);
  CHECK(refused.error().message().find("Specified: t-0 Assigned: t-0, t-1") != std::string::npos);
}

TEST_CASE("a start time without a record is an error, or the end where that is wished") {
  Planning planning;
  planning.topics->logs = {{{"t", 0}, {0, 10}}, {{"t", 1}, {0, 8}}};
  planning.topics->at_time = {{{"t", 0}, 4}};
  const auto refused = planning.planner({{"startingTimestamp", "77"}})->initial_offset();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find(
            "No offset matched from request of topic-partition t-1 and timestamp 77.") !=
        std::string::npos);
  CHECK(
      planning
          .planner({{"startingTimestamp", "77"}, {"startingOffsetsByTimestampStrategy", "latest"}})
          ->initial_offset()
          .value() == R"({"t":{"0":4,"1":8}})");
}

TEST_CASE("a topic that does not exist stops the start, with its name") {
  Planning planning;
  planning.topics->missing = {"topic t"};
  const auto refused = planning.planner()->initial_offset();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().error_class() == ErrorClass::bad_option);
  CHECK(refused.error().message().find("topic t does not exist") != std::string::npos);
}

TEST_CASE("a partition added while running starts at its beginning, the same in a re-run") {
  Planning planning;
  planning.topics->logs = {{{"t", 0}, {0, 10}}};
  auto planner = planning.planner();
  const std::string start = planner->initial_offset().value();
  planning.topics->logs[{"t", 1}] = {0, 5};
  const std::string end = latest(*planner, start);
  CHECK(end == R"({"t":{"0":10,"1":5}})");
  CHECK(ranges_of(planner->plan(start, end)) == std::vector<std::string>{"t-1 [0, 5)"});
  // Its first records age out before the re-run: the range stays, the loss is seen when reading.
  planning.topics->logs[{"t", 1}] = {2, 5};
  CHECK(ranges_of(planning.planner()->plan(start, end)) == std::vector<std::string>{"t-1 [0, 5)"});
}

TEST_CASE("gone partitions and offsets that went back end the query, or are left out") {
  Planning planning;
  planning.topics->logs = {{{"t", 0}, {0, 10}}, {{"t", 1}, {0, 7}}};
  for (const bool fails : {true, false}) {
    auto planner = planning.planner({{"failOnDataLoss", fails ? "true" : "false"}});
    const auto splits = planner->plan(R"({"t":{"0":20,"2":5,"1":3}})", R"({"t":{"0":10,"1":7}})");
    if (!fails) {
      CHECK(ranges_of(splits) == std::vector<std::string>{"t-1 [3, 7)"});
      continue;
    }
    REQUIRE_FALSE(splits);
    CHECK(splits.error().error_class() == ErrorClass::fatal);
    CHECK(splits.error().message().find("t-2 are gone") != std::string::npos);
    CHECK(splits.error().message().find("from 20 to 10") != std::string::npos);
    CHECK(splits.error().message().find("failOnDataLoss") != std::string::npos);
  }
}

TEST_CASE("a topic made again is read from its end of then on, never twice (R-185)") {
  Planning planning;
  planning.topics->logs = {{{"t", 0}, {0, 10}}};
  auto planner = planning.planner({{"failOnDataLoss", "false"}});
  std::string start = R"({"t":{"0":10}})";
  planning.topics->logs[{"t", 0}] = {0, 4};
  std::string end = latest(*planner, start);
  CHECK(ranges_of(planner->plan(start, end)).empty());
  planning.topics->logs[{"t", 0}] = {0, 9};
  start = end;
  end = latest(*planner, start);
  CHECK(ranges_of(planner->plan(start, end)) == std::vector<std::string>{"t-0 [4, 9)"});
}

TEST_CASE("offsets of a stale leader and partitions of a broker just started are asked for again") {
  Planning planning;
  planning.topics->logs = {{{"t", 0}, {0, 8}}};
  planning.topics->on_pause = [&] { planning.topics->logs[{"t", 0}] = {0, 12}; };
  auto planner = planning.planner();
  CHECK(latest(*planner, R"({"t":{"0":10}})") == R"({"t":{"0":12}})");
  CHECK(planning.topics->pauses == 1);
  planning.topics->logs.clear();
  CHECK(latest(*planner, R"({"t":{"0":10}})") == R"({"t":{"0":12}})");
}

TEST_CASE("limits hold an epoch back or cut it; an available-now query ends where it began") {
  Planning planning;
  planning.topics->logs = {{{"t", 0}, {0, 100}}};
  const std::string start = R"({"t":{"0":0}})";
  auto limited = planning.planner({{"maxOffsetsPerTrigger", "10"}});
  CHECK(latest(*limited, start) == R"({"t":{"0":10}})");
  auto patient = planning.planner({{"minOffsetsPerTrigger", "500"}, {"maxTriggerDelay", "1s"}});
  CHECK(latest(*patient, start) == R"({"t":{"0":100}})");  // none before it
  CHECK(latest(*patient, start) == start);
  planning.clock.now += 1000;
  CHECK(latest(*patient, start) == R"({"t":{"0":100}})");
  planning.is_available_now = true;
  auto once = planning.planner({{"maxOffsetsPerTrigger", "60"}});
  CHECK(latest(*once, start) == R"({"t":{"0":60}})");
  planning.topics->logs[{"t", 0}] = {0, 1000};
  CHECK(latest(*once, R"({"t":{"0":60}})") == R"({"t":{"0":100}})");
  CHECK(latest(*once, R"({"t":{"0":100}})") == R"({"t":{"0":100}})");
}

TEST_CASE("splits keep a partition at its task; cut ranges are dealt one by one") {
  Planning planning;
  const std::string start = R"({"t":{"0":0,"1":5,"2":0}})";
  const std::string end = R"({"t":{"0":4,"1":5,"2":9}})";
  const auto indices = [&](OptionMap options) {
    std::vector<std::uint32_t> found;
    const auto splits = planning.planner(std::move(options))->plan(start, end);
    for (const Split& split : splits.value()) found.push_back(split.index);
    return found;
  };
  CHECK(indices({}) == std::vector<std::uint32_t>{0, 2});
  CHECK(indices({{"maxRecordsPerPartition", "5"}}) == std::vector<std::uint32_t>{0, 1, 2});
}

TEST_CASE("a bounded read goes from its start to its end") {
  Planning planning;
  planning.topics->logs = {{{"t", 0}, {3, 10}}, {{"t", 1}, {0, 8}}};
  const auto ranges = [&](OptionMap options) {
    return planning.planner(std::move(options), false)->plan("{}", "{}");
  };
  CHECK(ranges_of(ranges({})) == std::vector<std::string>{"t-0 [3, 10)", "t-1 [0, 8)"});
  CHECK(ranges_of(ranges({{"startingOffsets", R"({"t":{"0":5,"1":8}})"},
                          {"endingOffsets", R"({"t":{"0":7,"1":-1}})"}})) ==
        std::vector<std::string>{"t-0 [5, 7)"});
  planning.topics->at_time = {{{"t", 0}, 6}};
  CHECK(ranges_of(ranges({{"endingTimestamp", "5"}})) ==
        std::vector<std::string>{"t-0 [3, 6)", "t-1 [0, 8)"});
  CHECK_FALSE(ranges({{"startingOffsets", R"({"t":{"0":9,"1":0}})"}, {"endingTimestamp", "5"}}));
}

TEST_CASE("the planner says what there is and how far an epoch stays behind it") {
  Planning planning;
  planning.topics->logs = {{{"t", 0}, {0, 100}}, {{"t", 1}, {0, 11}}};
  const auto planner = planning.planner({{"maxOffsetsPerTrigger", "10"}});
  const auto& lag = dynamic_cast<const SourceLag&>(*planner);
  const std::string start = R"({"t":{"0":50,"1":11}})";
  CHECK(lag.newest_offset().empty());
  CHECK(lag.metrics(start).empty());
  const std::string end = latest(*planner, start);
  CHECK(end == R"({"t":{"0":60,"1":11}})");
  CHECK(lag.newest_offset() == R"({"t":{"0":100,"1":11}})");
  CHECK(lag.metrics(end) == std::map<std::string, std::string>{{"avgOffsetsBehindLatest", "20.0"},
                                                               {"maxOffsetsBehindLatest", "40"},
                                                               {"minOffsetsBehindLatest", "0"}});
}

TEST_CASE("committed offsets go to the monitoring group only where there is one") {
  Planning planning;
  planning.topics->logs = {{{"t", 0}, {0, 1}}};
  CHECK(planning.planner()->commit(R"({"t":{"0":1}})"));
  CHECK(planning.topics->published.empty());
  CHECK(planning.planner({{"monitoringGroup", "g"}})->commit(R"({"t":{"0":1}})"));
  CHECK(planning.topics->published == PartitionOffsets{{{"t", 0}, 1}});
}

}  // namespace
}  // namespace stream
