// Streaming queries: their sinks, their life and their manager (R-144 … R-153).
#include <libstream/base/memory_file_system.hpp>
#include <libstream/testing/manual_clock.hpp>
#include <tests/unit/api_frame/frame_fixture.hpp>

#include <set>
#include <stdexcept>

using namespace stream;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using stream::testing::MemoryStream;

namespace {

/// A stream of words and a query over it that runs when asked to.
struct StreamFixture {
  MemoryFileSystem files;
  testing::ManualClock clock{1'700'000'000'000};
  Session session{local_runner()};
  MemoryStream words{"k STRING, v INT"};
  DataFrame frame = words.to_df(session);

  DataStreamWriter writer(const DataFrame& of, const std::string& name = "out") {
    DataStreamWriter made = of.write_stream();
    made.format("memory").query_name(name).trigger(Trigger::manual());
    made.query_options().files = &files;
    made.query_options().clock = &clock;
    return made;
  }
};

class Hearing final : public QueryListener {
 public:
  void on_query_started(const std::string&, const std::string&, const std::string& name) override {
    heard_.insert("started " + name);
  }
  void on_query_progress(const QueryProgress& progress) override {
    heard_.insert("progress " + progress.name);
  }
  void on_query_terminated(const std::string&, const std::string&,
                           const std::optional<Error>& error) override {
    heard_.insert(error ? "failed" : "ended");
  }
  const std::set<std::string>& heard() const { return heard_; }

 private:
  std::set<std::string> heard_;
};

/// A frame whose rows fail the query.
DataFrame failing(const DataFrame& frame) { return frame.select(lit(1) / (col("v") - col("v"))); }

}  // namespace

TEST_CASE("a memory sink is a table of the query's name") {
  StreamFixture f;
  auto query = f.writer(f.frame.select("k")).start();
  CHECK(diff(f.session.table("out"), "") == "");
  f.words.add_data("[\"a\",1]\n[\"b\",2]");
  query->process_all_available();
  CHECK(diff(f.session.table("out"), "[\"a\"]\n[\"b\"]") == "");
  f.words.add_data("{\"k\":\"c\"}");
  query->process_all_available();
  CHECK(diff(f.session.sql("SELECT count(*) AS n FROM out"), "[3]") == "");
  query->stop();
}

TEST_CASE("complete mode replaces the table, update mode appends what changed") {
  StreamFixture f;
  const DataFrame counts = f.frame.group_by("k").count();
  auto complete = f.writer(counts, "whole").output_mode("complete").start();
  auto update = f.writer(counts, "changes").output_mode(OutputMode::update).start();
  for (const char* row : {"[\"a\",1]", "[\"a\",2]", "[\"b\",3]"}) {
    f.words.add_data(row);
    complete->process_all_available();
    update->process_all_available();
  }
  CHECK(diff(f.session.table("whole"), "[\"a\",2]\n[\"b\",1]") == "");
  CHECK(diff(f.session.table("changes"), "[\"a\",1]\n[\"a\",2]\n[\"b\",1]") == "");
}

TEST_CASE("windows close when the watermark has passed them") {
  StreamFixture f;
  MemoryStream events("ts TIMESTAMP, v INT");
  const DataFrame sums = events.to_df(f.session)
                             .with_watermark("ts", "10 seconds")
                             .group_by(window(col("ts"), "10 seconds"))
                             .agg(sum(col("v")).as("s"))
                             .select("s");
  auto query = f.writer(sums).start();
  events.add_data("[\"2024-01-01 00:00:01\",1]\n[\"2024-01-01 00:00:05\",2]");
  query->process_all_available();
  CHECK(f.session.table("out").count() == 0);
  events.add_data("[\"2024-01-01 00:00:31\",4]");
  query->process_all_available();
  CHECK(diff(f.session.table("out"), "[3]") == "");
}

TEST_CASE("rows and epochs go to functions of the program") {
  StreamFixture f;
  std::vector<std::string> seen;
  auto rows = f.frame.write_stream()
                  .trigger(Trigger::manual())
                  .for_each([&](const std::vector<Value>& row) {
                    seen.push_back(row[0].as<std::string>());
                  })
                  .start();
  std::vector<std::pair<std::int64_t, std::int64_t>> epochs;
  auto batches = f.frame.write_stream()
                     .trigger(Trigger::manual())
                     .for_each_batch([&](const DataFrame& epoch_rows, std::int64_t epoch) {
                       epochs.emplace_back(epoch, epoch_rows.where("v > 1").count());
                     })
                     .start();
  f.words.add_data("[\"a\",1]\n[\"b\",2]");
  rows->process_all_available();
  batches->process_all_available();
  f.words.add_data("[\"c\",3]\n[\"d\",4]");
  rows->process_all_available();
  batches->process_all_available();
  CHECK(seen == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(epochs == std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 1}, {1, 2}});
}

TEST_CASE("a function that throws ends the query with its words") {
  StreamFixture f;
  auto query = f.frame.write_stream()
                   .trigger(Trigger::manual())
                   .for_each_batch([](const DataFrame&, std::int64_t) {
                     throw std::runtime_error("the disk is full");
                   })
                   .start();
  f.words.add_data("[\"a\",1]");
  CHECK_THAT(message_of([&] { query->process_all_available(); }),
             ContainsSubstring("the disk is full"));
  CHECK_FALSE(query->is_active());
  REQUIRE(query->exception());
  CHECK(query->exception()->error_class() == ErrorClass::user_code);
}

TEST_CASE("an error ends the query, is kept and is thrown to those who wait") {
  StreamFixture f;
  auto query = f.writer(failing(f.frame)).start();
  CHECK_FALSE(query->exception());
  CHECK_FALSE(query->await_termination(1ms));
  f.words.add_data("[\"a\",1]");
  CHECK_THAT(message_of([&] { query->process_all_available(); }),
             ContainsSubstring("DIVIDE_BY_ZERO"));
  CHECK_THAT(message_of([&] { query->await_termination(); }), ContainsSubstring("DIVIDE_BY_ZERO"));
  CHECK_THAT(message_of([&] { query->await_termination(1s); }),
             ContainsSubstring("DIVIDE_BY_ZERO"));
  CHECK_FALSE(query->is_active());
  REQUIRE(query->exception());
  query->stop();  // harmless
  CHECK(query->exception());
}

TEST_CASE("names are unique among the running queries of a session") {
  StreamFixture f;
  auto first = f.writer(f.frame).start();
  CHECK_THAT(message_of([&] { f.writer(f.frame).start(); }),
             ContainsSubstring("Cannot start query with name out as a query with that name is "
                               "already active"));
  Session other(local_runner());
  auto elsewhere = f.words.to_df(other).write_stream().format("noop").query_name("out").start();
  elsewhere->stop();
  first->stop();
  auto second = f.writer(f.frame).start();
  CHECK(second->is_active());
  CHECK(second->name() == "out");
}

TEST_CASE("the id survives restarts, the run's id never does") {
  StreamFixture f;
  std::set<std::string> ids;
  std::set<std::string> runs;
  for (int i = 0; i < 3; ++i) {
    auto query = f.writer(f.frame.group_by("k").count())
                     .output_mode("complete")
                     .option("checkpointLocation", "checkpoint")
                     .start();
    f.words.add_data("[\"a\",1]");
    query->process_all_available();
    ids.insert(query->id());
    runs.insert(query->run_id());
    query->stop();
  }
  CHECK(ids.size() == 1);
  CHECK(runs.size() == 3);
  CHECK(diff(f.session.table("out"), "[\"a\",3]") == "");
}

TEST_CASE("starting a checkpoint again stops the query that runs from it") {
  StreamFixture f;
  auto first = f.writer(f.frame, "one").option("checkpointLocation", "checkpoint").start();
  auto second = f.writer(f.frame, "two").option("checkpointLocation", "checkpoint").start();
  CHECK_FALSE(first->is_active());
  CHECK(second->is_active());
  CHECK(first->id() == second->id());
}

TEST_CASE("the manager knows the running queries") {
  StreamFixture f;
  auto& streams = f.session.streams();
  CHECK(streams.active().empty());
  auto one = f.writer(f.frame, "one").start();
  auto two = f.writer(f.frame, "two").start();
  CHECK(streams.active().size() == 2);
  REQUIRE(streams.get(one->id()));
  CHECK(streams.get(one->id())->name() == "one");
  CHECK_FALSE(streams.get("nothing"));
  CHECK_FALSE(streams.await_any_termination(1ms));
  one->stop();
  CHECK(streams.active().size() == 1);
  CHECK_FALSE(streams.get(one->id()));
  CHECK(streams.await_any_termination(1s));
  CHECK(streams.await_any_termination(1s));  // until it is reset
  streams.reset_terminated();
  CHECK_FALSE(streams.await_any_termination(1ms));
}

TEST_CASE("waiting for any query throws the error of the one that failed") {
  StreamFixture f;
  auto query = f.writer(failing(f.frame)).start();
  f.words.add_data("[\"a\",1]");
  message_of([&] { query->process_all_available(); });
  CHECK_THAT(message_of([&] { f.session.streams().await_any_termination(); }),
             ContainsSubstring("DIVIDE_BY_ZERO"));
}

TEST_CASE("listeners of the session hear of every query") {
  StreamFixture f;
  const auto hearing = std::make_shared<Hearing>();
  f.session.streams().add_listener(hearing);
  auto good = f.writer(f.frame, "good").start();
  auto bad = f.writer(failing(f.frame), "bad").start();
  f.words.add_data("[\"a\",1]");
  good->process_all_available();
  message_of([&] { bad->process_all_available(); });
  good->stop();
  CHECK(hearing->heard() ==
        std::set<std::string>{"started good", "started bad", "progress good", "failed", "ended"});
}

TEST_CASE("progress is kept, fewer than 100 records of it") {
  StreamFixture f;
  auto query = f.writer(f.frame).start();
  CHECK_FALSE(query->last_progress());
  for (int i = 0; i < 105; ++i) {
    f.words.add_data("[\"a\",1]");
    query->process_all_available();
  }
  REQUIRE(query->last_progress());
  CHECK(query->last_progress()->batch_id == 104);
  CHECK(query->last_progress()->num_input_rows() == 1);
  const auto recent = query->recent_progress();
  CHECK(recent.size() == 99);
  CHECK(recent.front().batch_id == 6);
  CHECK_FALSE(recent.back().sources[0].input_rows_per_second == std::nullopt);
}

TEST_CASE("available now takes what is there and ends") {
  StreamFixture f;
  f.words.add_data("[\"a\",1]\n[\"b\",2]");
  auto query = f.writer(f.frame).trigger(Trigger::available_now()).start();
  query->await_termination();
  CHECK_FALSE(query->is_active());
  CHECK_FALSE(query->exception());
  CHECK(f.session.table("out").count() == 2);
}

TEST_CASE("to_table names a memory table") {
  StreamFixture f;
  auto query = f.frame.write_stream().trigger(Trigger::manual()).to_table("kept");
  f.words.add_data("[\"a\",1]");
  query->process_all_available();
  CHECK(f.session.table("kept").count() == 1);
}

TEST_CASE("a query explains itself") {
  StreamFixture f;
  auto query = f.writer(f.frame.where("v > 1")).start();
  CHECK_THAT(query->explain_string(), ContainsSubstring("filter"));
}

TEST_CASE("what Spark refuses is refused with its condition") {
  StreamFixture f;
  FrameFixture bounded;
  const DataFrame counts = f.frame.group_by("k").count();
  CHECK(f.frame.is_streaming());
  CHECK_FALSE(bounded.people.is_streaming());
  CHECK_THAT(message_of([&] { f.writer(counts).start(); }),
             ContainsSubstring("streaming aggregations without watermark"));
  CHECK_THAT(message_of([&] { f.writer(f.frame).output_mode("complete").start(); }),
             ContainsSubstring("STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION"));
  CHECK_THAT(message_of([&] { f.writer(f.frame).output_mode("sometimes"); }),
             ContainsSubstring("Invalid streaming output mode: sometimes"));
  CHECK_THAT(message_of([&] { f.frame.collect(); }), ContainsSubstring("writeStream.start()"));
  CHECK_THAT(message_of([&] { bounded.people.write_stream().format("noop").start(); }),
             ContainsSubstring("WRITE_STREAM_NOT_ALLOWED"));
  CHECK_THAT(message_of([&] { f.frame.write_stream().start(); }), ContainsSubstring("format"));
  CHECK_THAT(message_of([&] { f.frame.write_stream().format("memory").start(); }),
             ContainsSubstring("queryName must be specified"));
  CHECK_THAT(message_of([&] { f.writer(f.frame.order_by("v")).start(); }),
             ContainsSubstring("Sorting is not supported"));
  CHECK_THAT(message_of([&] { f.frame.write_stream().format("carrier-pigeon").start(); }),
             ContainsSubstring("DATA_SOURCE_NOT_FOUND"));
}

TEST_CASE("streams join, union and deduplicate") {
  StreamFixture f;
  MemoryStream others("k STRING, w INT");
  auto joined =
      f.writer(f.frame.join(others.to_df(f.session), "k").select("k", "v", "w"), "joined").start();
  auto distinct = f.writer(f.frame.drop_duplicates({"k"}), "distinct").start();
  f.words.add_data("[\"a\",1]\n[\"a\",2]");
  others.add_data("[\"a\",9]");
  joined->process_all_available();
  distinct->process_all_available();
  CHECK(diff(f.session.table("joined"), "[\"a\",1,9]\n[\"a\",2,9]") == "");
  CHECK(f.session.table("distinct").count() == 1);
}

TEST_CASE("a memory stream refuses rows that do not fit") {
  MemoryStream words("k STRING, v INT");
  CHECK_THAT(message_of([&] { words.add_data("[\"a\",1]\n{\"key\":1}"); }),
             ContainsSubstring("line 2: no column key"));
  CHECK_THAT(message_of([&] { words.add_data("[\"a\"]"); }), ContainsSubstring("2 columns"));
  CHECK_THAT(message_of([&] { words.add_data("a"); }),
             ContainsSubstring("neither a JSON object nor an array"));
  CHECK_THAT(message_of([&] { words.add_data({{Value{std::string("a")}}}); }),
             ContainsSubstring("a row of 1 values"));
}
