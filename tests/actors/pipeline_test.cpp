// Queries inside a caller's actor system, between the caller's own actors.
#include <actors/pipeline.hpp>
#include <libstream/data/column_builder.hpp>
#include <tests/actors/word_plan.hpp>
#include <tests/kit/catch.hpp>

#include <array>
#include <cstdio>
#include <future>
#include <mutex>

namespace stream::testing {
namespace {

constexpr Duration kLong{60'000};

/// An actor system set up as a CAF program would.
struct Program {
  caf::actor_system_config config;
  caf::actor_system system{(init_messages(), config)};
};

Batch lines(std::int64_t first, std::int64_t num_rows) {
  BlockPool pool;
  ColumnBuilder column(primitive(TypeKind::string), pool);
  for (std::int64_t row = first; row < first + num_rows; ++row)
    column.append_string("line number " + std::to_string(row));
  std::vector<Column> columns;
  columns.push_back(column.finish());
  return Batch(text_schema(), std::move(columns), static_cast<std::size_t>(num_rows));
}

/// Sends `num_batches` batches, never beyond its credit; done when all of it has come back.
struct Producer {
  std::int64_t num_batches = 0;
  std::int64_t window = 0;
  std::int64_t credit = 0;
  std::int64_t sent = 0;
  std::int64_t most_outstanding = 0;
  std::promise<void> all_committed;

  caf::behavior behavior(caf::event_based_actor* self) {
    return {[this, self](const InputCredit& granted) {
      if (window == 0) window = granted.bytes;
      credit += granted.bytes;
      const auto inlet = caf::actor_cast<caf::actor>(self->current_sender());
      while (sent < num_batches && credit > 0) {
        Batch batch = lines(sent * 100, 100);
        credit -= static_cast<std::int64_t>(batch.retained_bytes());
        most_outstanding = std::max(most_outstanding, window - credit);
        ++sent;
        caf_compat::send(self, inlet, QueryInput{std::move(batch)});
      }
      if (sent == num_batches && credit == window) all_committed.set_value();
    }};
  }
};

/// Collects lines; answers only while `is_answering`.
struct Consumer {
  std::mutex mutex;
  std::vector<std::string> taken;
  std::promise<void> first_came;
  bool is_answering = true;
  bool has_first = false;

  caf::behavior behavior(caf::event_based_actor* self) {
    return {[this, self](const QueryOutput& rows) {
      std::lock_guard lock(mutex);
      for (std::size_t row = 0; row < rows.batch.num_rows(); ++row)
        taken.emplace_back(rows.batch.column(0).string_at(row));
      if (!std::exchange(has_first, true)) first_came.set_value();
      if (is_answering)
        caf_compat::send(self, caf::actor_cast<caf::actor>(self->current_sender()),
                         OutputTaken{rows.bytes});
    }};
  }
};

template <class Role>
caf::actor spawn(caf::actor_system& system, Role& role) {
  // With an argument: CAF 0.17 dereferences a null pointer where there is none.
  return system.spawn(
      [](caf::event_based_actor* self, Role* played) { return played->behavior(self); }, &role);
}

PhysicalPlan copy(std::shared_ptr<const Source> source, std::shared_ptr<const Sink> sink) {
  PhysicalPlan plan;
  plan.sources.push_back(std::move(source));
  plan.sinks.push_back(std::move(sink));
  Stage read;
  read.name = "read";
  read.source = 0;
  plan.stages.push_back(std::move(read));
  Stage write;
  write.name = "write";
  write.inputs.push_back({0, 0, Exchange::forward});
  write.sink = 0;
  plan.stages.push_back(std::move(write));
  return plan;
}

QueryOptions steadily() {
  QueryOptions options;
  options.trigger = Trigger::processing_time(Duration(50));
  return options;
}

TEST_CASE("rows go from the caller's actor through a query to the caller's actor") {
  Producer producer;
  producer.num_batches = 200;
  Consumer consumer;
  Program program;
  ActorSourceOptions source_options;
  source_options.window_bytes = 2 << 20;
  ActorSinkOptions sink_options;
  sink_options.window_bytes = 256 << 10;
  auto started =
      spawn_query(program.system,
                  copy(actor_source(program.system, spawn(program.system, producer), text_schema(),
                                    source_options),
                       actor_sink(program.system, spawn(program.system, consumer), sink_options)),
                  steadily());
  REQUIRE(started);
  auto committed = producer.all_committed.get_future();
  REQUIRE(committed.wait_for(kLong) == std::future_status::ready);
  started->query->stop(true);
  REQUIRE(started->query->await_termination(kLong));
  std::lock_guard lock(consumer.mutex);
  REQUIRE(consumer.taken.size() == 20'000);
  for (std::size_t row = 0; row < consumer.taken.size(); ++row) {
    if (consumer.taken[row] != "line number " + std::to_string(row))
      FAIL("row " << row << " is " << consumer.taken[row]);
  }
  const auto a_batch = static_cast<std::int64_t>(lines(0, 100).retained_bytes());
  CHECK(producer.most_outstanding <= source_options.window_bytes + a_batch);
}

TEST_CASE("a producer whose rows are read gets its credit back although no more rows come") {
  Producer producer;
  producer.num_batches = 3;
  Consumer consumer;
  Program program;
  QueryOptions options;
  options.trigger = Trigger::processing_time(Duration(5));
  options.checkpoint_interval = Duration(200);
  auto started =
      spawn_query(program.system,
                  copy(actor_source(program.system, spawn(program.system, producer), text_schema()),
                       actor_sink(program.system, spawn(program.system, consumer))),
                  options);
  REQUIRE(started);
  auto committed = producer.all_committed.get_future();
  REQUIRE(committed.wait_for(kLong) == std::future_status::ready);
  started->query->stop(true);
}

TEST_CASE("a query stops although its consumer does not answer") {
  Producer producer;
  producer.num_batches = 10;
  Consumer consumer;
  consumer.is_answering = false;
  Program program;
  ActorSinkOptions sink_options;
  sink_options.window_bytes = 1;
  auto started =
      spawn_query(program.system,
                  copy(actor_source(program.system, spawn(program.system, producer), text_schema()),
                       actor_sink(program.system, spawn(program.system, consumer), sink_options)),
                  steadily());
  REQUIRE(started);
  REQUIRE(consumer.first_came.get_future().wait_for(kLong) == std::future_status::ready);
  started->query->stop(false);
  REQUIRE(started->query->await_termination(kLong));
}

TEST_CASE("a query fails when its consumer ends") {
  Producer producer;
  producer.num_batches = 10;
  Consumer consumer;
  consumer.is_answering = false;
  Program program;
  const caf::actor consumer_actor = spawn(program.system, consumer);
  auto started =
      spawn_query(program.system,
                  copy(actor_source(program.system, spawn(program.system, producer), text_schema()),
                       actor_sink(program.system, consumer_actor)),
                  steadily());
  REQUIRE(started);
  REQUIRE(consumer.first_came.get_future().wait_for(kLong) == std::future_status::ready);
  caf::anon_send_exit(consumer_actor, caf::exit_reason::user_shutdown);
  const auto ended = started->query->await_termination(kLong);
  REQUIRE(!ended);
  CHECK_THAT(ended.error().message(), Catch::Matchers::ContainsSubstring("consumer has ended"));
}

TEST_CASE("a query ends with an error when its actor is ended from outside") {
  Program program;
  WordPlan words;
  words.num_rows = 1'000'000'000;
  words.sink = std::make_shared<CollectSink>();
  auto started = spawn_query(program.system, count_plan(words), steadily());
  REQUIRE(started);
  caf::anon_send_exit(started->coordinator, caf::exit_reason::kill);
  const auto ended = started->query->await_termination(kLong);
  REQUIRE(!ended);
  CHECK_THAT(ended.error().message(), Catch::Matchers::ContainsSubstring("ended from outside"));
}

TEST_CASE("the example program counts the words of its own actor") {
  std::FILE* const program = popen(STREAM_PIPELINE_EXAMPLE, "r");
  REQUIRE(program);
  WordCounts counts;
  std::array<char, 256> word{};
  long long count = 0;
  while (std::fscanf(program, "%255s %lld", word.data(), &count) == 2) counts[word.data()] = count;
  CHECK(pclose(program) == 0);
  CHECK(counts == WordCounts{{"to", 2},
                             {"be", 2},
                             {"or", 1},
                             {"not", 1},
                             {"that", 1},
                             {"is", 1},
                             {"the", 1},
                             {"question", 1}});
}

}  // namespace
}  // namespace stream::testing
