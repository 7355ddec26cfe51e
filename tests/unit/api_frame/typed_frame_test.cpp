// Records instead of columns: as<T>(), group state and processors (R-100 … R-118).
#include <libstream/base/memory_file_system.hpp>
#include <libstream/testing/manual_clock.hpp>
#include <tests/unit/api_frame/frame_fixture.hpp>

#include <algorithm>
#include <stdexcept>

using namespace stream;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using stream::testing::MemoryStream;

namespace {

struct Person {
  std::int64_t id = 0;
  std::string name;
  std::optional<std::int32_t> age;
};
STREAM_RECORD(Person, id, name, age);

struct Event {
  std::string k;
  Timestamp ts;
};
STREAM_RECORD(Event, k, ts);

/// A stream of (k, ts) and queries over it that run when asked to, at a time that is set.
struct EventFixture {
  MemoryFileSystem files;
  testing::ManualClock clock{1'700'000'000'000};
  Session session{local_runner()};
  MemoryStream events{"ts TIMESTAMP, k STRING"};
  DataFrame marked = events.to_df(session).with_watermark("ts", "10 seconds");

  std::shared_ptr<StreamingQuery> start(const DataFrame& frame, OutputMode mode,
                                        Trigger trigger = Trigger::manual()) {
    DataStreamWriter writer = frame.write_stream();
    writer.format("memory").query_name("out").trigger(trigger).output_mode(mode);
    writer.option("checkpointLocation", "checkpoint");
    writer.query_options().files = &files;
    writer.query_options().clock = &clock;
    return writer.start();
  }
  /// "a@11": key a at second 11.
  void add(const std::vector<std::pair<std::string, int>>& rows) {
    std::vector<std::vector<Value>> values;
    for (const auto& [key, second] : rows)
      values.push_back({Value{std::int64_t{second} * 1'000'000}, Value{key}});
    events.add_data(values);
  }
  std::string diff_of_new_rows(std::string_view expected) {
    const auto rows = session.table("out").collect();
    const std::vector<std::vector<Value>> fresh(rows.begin() + static_cast<std::ptrdiff_t>(seen),
                                                rows.end());
    seen = rows.size();
    return testing::answer_diff(session.create_data_frame(session.table("out").schema(), fresh),
                                expected);
  }
  std::size_t seen = 0;
};

/// Counts a key's rows in all epochs.
auto running_count() {
  return [](const std::string& key, const std::vector<Event>& rows,
            TypedGroupState<std::int64_t>& state) {
    state.update(state.get_option().value_or(0) + static_cast<std::int64_t>(rows.size()));
    return std::pair{key, state.get()};
  };
}

using KeyCount = std::pair<std::string, std::int64_t>;

/// Spark's example of time-outs in event time.
void five_seconds_after_the_newest(const std::string& key, const std::vector<Event>& rows,
                                   TypedGroupState<std::int64_t>& state,
                                   Collector<KeyCount>& output) {
  if (state.has_timed_out()) {
    state.remove();
    output.push({key, -1});
    return;
  }
  std::int64_t newest = state.get_option().value_or(0);
  for (const Event& event : rows) newest = std::max(newest, event.ts.millis() / 1000);
  state.update(newest);
  state.set_timeout_timestamp((newest + 5) * 1000);
  output.push({key, newest});
}

/// Remembers values, lists and maps; a timer tells how many there were.
class Remembering final : public KeyedProcessor<std::string, Event, KeyCount> {
 public:
  void init(ProcessorHandle& handle, TimeMode) override {
    count_ = handle.value_state<std::int64_t>("count");
    seconds_ = handle.list_state<std::int64_t>("seconds");
    times_ = handle.map_state<std::int64_t, std::string>("times");
  }
  void rows(const std::string& key, const std::vector<Event>& rows, ProcessorHandle& handle,
            Collector<KeyCount>& output) override {
    for (const Event& event : rows) {
      const std::int64_t second = event.ts.millis() / 1000;
      count_.update(count_.get().value_or(0) + 1);
      seconds_.append(second);
      times_.update(second, event.k);
      handle.register_timer((second + 5) * 1000);
    }
    output.push({key, *count_.get()});
  }
  void timer(const std::string& key, EpochMillis expiry, ProcessorHandle&,
             Collector<KeyCount>& output) override {
    const std::int64_t second = expiry / 1000 - 5;
    if (times_.get(second) != key) throw std::runtime_error("the map does not hold the key");
    times_.remove(second);
    output.push({key, -static_cast<std::int64_t>(times_.entries().size()) -
                          100 * static_cast<std::int64_t>(seconds_.get().size())});
    if (!times_.exists()) count_.clear();
  }

 private:
  ValueState<std::int64_t> count_;
  ListState<std::int64_t> seconds_;
  MapState<std::int64_t, std::string> times_;
};

/// Counts what came within a minute.
class Forgetting final : public KeyedProcessor<std::string, Event, KeyCount> {
 public:
  void init(ProcessorHandle& handle, TimeMode) override {
    count_ = handle.value_state<std::int64_t>("count", Duration(60'000));
  }
  void rows(const std::string& key, const std::vector<Event>& rows, ProcessorHandle&,
            Collector<KeyCount>& output) override {
    count_.update(count_.get().value_or(0) + static_cast<std::int64_t>(rows.size()));
    output.push({key, *count_.get()});
  }

 private:
  ValueState<std::int64_t> count_;
};

class Meddling final : public KeyedProcessor<std::string, Event, KeyCount> {
 public:
  void init(ProcessorHandle& handle, TimeMode) override { handle.register_timer(1); }
  void rows(const std::string&, const std::vector<Event>&, ProcessorHandle&,
            Collector<KeyCount>&) override {}
};

}  // namespace

TEST_CASE("rows become records by the names of columns, and columns again") {
  FrameFixture f;
  const auto people = f.people.as<Person>();
  CHECK(people.collect().at(1).name == "Bob");
  const auto names =
      people.filter([](const Person& p) { return p.age > 25; }).map([](const Person& p) {
        return std::pair{p.name, p.id * 10};
      });
  CHECK(diff(names.to_df().with_column_renamed("_1", "who"), "[\"Ann\",10]\n[\"Cid\",30]") == "");
  CHECK(names.to_df().columns() == std::vector<std::string>{"_1", "_2"});
  const auto letters = people.flat_map([](const Person& p) {
    return std::vector<std::string>{p.name.substr(0, 1), p.name.substr(1, 1)};
  });
  CHECK(diff(letters.to_df().where("value < 'a'"), "[\"A\"]\n[\"B\"]\n[\"C\"]") == "");
  CHECK(f.people.select("id").as<std::int64_t>().collect() == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE("records that do not fit are refused") {
  FrameFixture f;
  CHECK_THAT(message_of([&] { f.orders.as<Person>().collect(); }),
             ContainsSubstring("UNRESOLVED_COLUMN"));
  CHECK_THAT(message_of([&] { f.people.with_column("id", lit("x")).as<Person>().collect(); }),
             ContainsSubstring("CANNOT_UP_CAST_DATATYPE"));
  CHECK_THAT(message_of([&] { f.people.as<std::int64_t>().collect(); }),
             ContainsSubstring("1 fields, but the frame has 3 columns"));
  const auto holes =
      f.session.create_data_frame("id INT, name STRING, age INT", {{1, nullptr, nullptr}});
  CHECK_THAT(message_of([&] { holes.as<Person>().collect(); }),
             ContainsSubstring("NOT_NULL_ASSERT_VIOLATION"));
  CHECK_FALSE(holes.with_column("name", lit("x")).as<Person>().collect().at(0).age);
}

TEST_CASE("what a typed function throws names the row") {
  FrameFixture f;
  const auto thrown = f.people.as<Person>().map([](const Person& p) -> std::int64_t {
    if (p.name == "Bob") throw std::runtime_error("no Bobs");
    return p.id;
  });
  CHECK_THAT(message_of([&] { thrown.collect(); }), ContainsSubstring("no Bobs; the row was: "));
}

TEST_CASE("a function over groups keeps a state a key, also over a restart") {
  EventFixture f;
  const auto counts =
      f.marked.as<Event>()
          .group_by_key<std::string>({"k"})
          .map_groups_with_state<std::int64_t, KeyCount>(GroupTimeout::none, running_count());
  auto query = f.start(counts.to_df(), OutputMode::update);
  f.add({{"a", 1}, {"b", 1}, {"a", 2}});
  query->process_all_available();
  CHECK(f.diff_of_new_rows("[\"a\",2]\n[\"b\",1]") == "");
  query->stop();
  query = f.start(counts.to_df(), OutputMode::update);
  f.seen = 0;
  f.add({{"a", 3}});
  query->process_all_available();
  CHECK(f.diff_of_new_rows("[\"a\",3]") == "");
}

TEST_CASE("groups time out in event time") {
  EventFixture f;
  const auto groups =
      f.marked.as<Event>()
          .group_by_key<std::string>({"k"})
          .flat_map_groups_with_state<std::int64_t, KeyCount>(
              OutputMode::update, GroupTimeout::event_time, five_seconds_after_the_newest);
  auto query = f.start(groups.to_df(), OutputMode::update);
  f.add({{"a", 11}, {"a", 13}, {"a", 15}});
  query->process_all_available();
  CHECK(f.diff_of_new_rows("[\"a\",15]") == "");
  f.add({{"a", 4}});  // behind the watermark 5
  query->process_all_available();
  CHECK(f.diff_of_new_rows("") == "");
  f.add({{"a", 10}});
  query->process_all_available();
  CHECK(f.diff_of_new_rows("[\"a\",15]") == "");
  f.add({{"b", 31}});  // the watermark becomes 21: past 15 + 5
  query->process_all_available();
  CHECK(f.diff_of_new_rows("[\"a\",-1]\n[\"b\",31]") == "");
}

TEST_CASE("groups time out in processing time") {
  EventFixture f;
  const auto groups =
      f.events.to_df(f.session)
          .as<Event>()
          .group_by_key<std::string>({"k"})
          .flat_map_groups_with_state<std::int64_t, KeyCount>(
              OutputMode::append, GroupTimeout::processing_time,
              [](const std::string& key, const std::vector<Event>& rows,
                 TypedGroupState<std::int64_t>& state, Collector<KeyCount>& output) {
                if (state.has_timed_out()) {
                  output.push({key, state.get()});
                  return state.remove();
                }
                state.update(static_cast<std::int64_t>(rows.size()));
                state.set_timeout_duration(1ms);
              });
  // The manual trigger moves the epochs' time by a millisecond each.
  auto query = f.start(groups.to_df(), OutputMode::append);
  f.add({{"a", 1}, {"a", 2}});
  query->process_all_available();
  f.add({{"b", 1}});
  query->process_all_available();
  f.add({{"c", 1}});
  query->process_all_available();
  const auto rows = f.session.table("out").where("_1 = 'a'");
  CHECK(diff(rows, "[\"a\",2]") == "");
}

TEST_CASE("a bounded frame is grouped likewise") {
  EventFixture f;
  const auto rows = f.session.create_data_frame(
      "ts TIMESTAMP, k STRING", {{lit("2024-01-01 00:00:00").cast("timestamp"), "a"},
                                 {lit("2024-01-01 00:00:01").cast("timestamp"), "a"}});
  const auto counts =
      rows.as<Event>()
          .group_by_key<std::string>({"k"})
          .map_groups_with_state<std::int64_t, KeyCount>(GroupTimeout::none, running_count());
  CHECK(diff(counts.to_df(), "[\"a\",2]") == "");
}

TEST_CASE("Spark's refusals of group state") {
  EventFixture f;
  const auto keyed = f.marked.as<Event>().group_by_key<std::string>({"k"});
  const auto nothing = [](const std::string&, const std::vector<Event>&,
                          TypedGroupState<std::int64_t>&, Collector<KeyCount>&) {};
  const auto flat = [&](OutputMode mode, GroupTimeout timeout) {
    return keyed.flat_map_groups_with_state<std::int64_t, KeyCount>(mode, timeout, nothing).to_df();
  };
  const auto refusal = [&](const DataFrame& frame, OutputMode mode) {
    return message_of([&] { f.start(frame, mode); });
  };
  const auto map =
      keyed.map_groups_with_state<std::int64_t, KeyCount>(GroupTimeout::none, running_count());
  CHECK_THAT(refusal(map.to_df(), OutputMode::append),
             ContainsSubstring("mapGroupsWithState is not supported with append output mode"));
  CHECK_THAT(refusal(map.to_df().group_by("_1").count(), OutputMode::update),
             ContainsSubstring("mapGroupsWithState is not supported with aggregation"));
  CHECK_THAT(refusal(flat(OutputMode::update, GroupTimeout::none), OutputMode::append),
             ContainsSubstring("flatMapGroupsWithState in update mode is not supported with append "
                               "output mode"));
  CHECK_THAT(refusal(flat(OutputMode::append, GroupTimeout::none), OutputMode::update),
             ContainsSubstring("flatMapGroupsWithState in append mode is not supported with update "
                               "output mode"));
  CHECK_THAT(refusal(flat(OutputMode::update, GroupTimeout::none).group_by("_1").count(),
                     OutputMode::complete),
             ContainsSubstring("flatMapGroupsWithState in update mode is not supported with "
                               "aggregation"));
  const auto unmarked = f.events.to_df(f.session).as<Event>().group_by_key<std::string>({"k"});
  CHECK_THAT(refusal(unmarked
                         .flat_map_groups_with_state<std::int64_t, KeyCount>(
                             OutputMode::append, GroupTimeout::event_time, nothing)
                         .to_df(),
                     OutputMode::append),
             ContainsSubstring("Watermark must be specified"));
  CHECK_THAT(message_of([&] {
               f.marked.as<Event>()
                   .group_by_key<std::string>({"k", "ts"})
                   .map_groups_with_state<std::int64_t, KeyCount>(GroupTimeout::none,
                                                                  running_count())
                   .to_df()
                   .schema();
             }),
             ContainsSubstring("2 grouping columns, but the key has 1 fields"));
}

TEST_CASE("a processor keeps values, lists and maps, and its timers fire") {
  EventFixture f;
  const auto frame =
      f.marked.as<Event>().group_by_key<std::string>({"k"}).transform_with_state<KeyCount>(
          Remembering(), TimeMode::event_time);
  auto query = f.start(frame.to_df(), OutputMode::update);
  f.add({{"a", 11}, {"a", 13}, {"b", 12}});
  query->process_all_available();
  CHECK(f.diff_of_new_rows("[\"a\",2]\n[\"b\",1]") == "");
  query->stop();
  query = f.start(frame.to_df(), OutputMode::update);
  f.seen = 0;
  f.add({{"c", 28}});  // the watermark becomes 18: timers up to 18 fire, that at 18 too
  query->process_all_available();
  CHECK(f.diff_of_new_rows("[\"c\",1]\n[\"a\",-201]\n[\"a\",-200]\n[\"b\",-100]") == "");
  f.add({{"a", 28}});
  query->process_all_available();
  CHECK(f.diff_of_new_rows("[\"a\",1]") == "");
}

TEST_CASE("what a processor keeps can expire") {
  EventFixture f;
  const auto frame =
      f.marked.as<Event>().group_by_key<std::string>({"k"}).transform_with_state<KeyCount>(
          Forgetting(), TimeMode::processing_time);
  auto query = f.start(frame.to_df(), OutputMode::update, Trigger::available_now());
  query->await_termination();
  const auto run = [&](std::string_view expected) {
    f.seen = 0;
    f.start(frame.to_df(), OutputMode::update, Trigger::available_now())->await_termination();
    return f.diff_of_new_rows(expected);
  };
  f.add({{"a", 1}});
  CHECK(run("[\"a\",1]") == "");
  f.clock.advance(Duration(30'000));
  f.add({{"a", 2}});
  CHECK(run("[\"a\",2]") == "");
  f.clock.advance(Duration(60'000));
  f.add({{"a", 3}});
  CHECK(run("[\"a\",1]") == "");
  const auto wrong =
      f.marked.as<Event>().group_by_key<std::string>({"k"}).transform_with_state<KeyCount>(
          Forgetting(), TimeMode::event_time);
  CHECK_THAT(
      message_of([&] { f.start(wrong.to_df(), OutputMode::update)->process_all_available(); }),
      ContainsSubstring("Cannot use TTL for state=count"));
}

TEST_CASE("init declares and does nothing else") {
  EventFixture f;
  const auto frame =
      f.marked.as<Event>().group_by_key<std::string>({"k"}).transform_with_state<KeyCount>(
          Meddling(), TimeMode::event_time);
  f.add({{"a", 1}});
  CHECK_THAT(
      message_of([&] { f.start(frame.to_df(), OutputMode::update)->process_all_available(); }),
      ContainsSubstring("cannot be used in init"));
}
