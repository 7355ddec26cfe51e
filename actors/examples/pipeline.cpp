// A CAF program that counts words with libstream: its own actor sends lines into a query and
// another one receives the counts. The query runs in the program's actor system.
#include <actors/pipeline.hpp>
#include <libstream/api/split.hpp>
#include <libstream/api/streaming_context.hpp>

#include <cstdio>
#include <future>

using stream::OutputTaken, stream::QueryInput, stream::QueryOutput;

caf::behavior producer(caf::event_based_actor* self, std::promise<void>* all_committed) {
  auto window = std::make_shared<std::int64_t>(0);  // credit of the first message
  auto credit = std::make_shared<std::int64_t>(0);
  return {[=](const stream::InputCredit& granted) {
    *credit += granted.bytes;
    if (*window == 0) {  // the first one: send, each batch at the cost of its bytes
      *window = *credit;
      stream::BlockPool pool;
      stream::TypedRowWriter<std::string> rows(pool);
      for (const char* line : {"to be or not", "to be that", "is the question"}) rows.append(line);
      stream::Batch batch = rows.finish();
      *credit -= static_cast<std::int64_t>(batch.retained_bytes());
      const auto inlet = caf::actor_cast<caf::actor>(self->current_sender());
      stream::caf_compat::send(self, inlet, QueryInput{std::move(batch)});
    } else if (*credit == *window) {  // all came back: all is counted
      all_committed->set_value();
    }
  }};
}

caf::behavior consumer(caf::event_based_actor*) {
  return {[](const QueryOutput& rows) {
    for (std::size_t row = 0; row < rows.batch.num_rows(); ++row) {
      const std::string word(rows.batch.column(0).string_at(row));
      std::printf("%s %lld\n", word.c_str(),
                  static_cast<long long>(rows.batch.column(1).data<std::int64_t>()[row]));
    }
    return OutputTaken{rows.bytes};
  }};
}

int main() {
  stream::init_messages();
  caf::actor_system_config config;
  caf::actor_system system(config);
  std::promise<void> all_committed;
  {
    stream::StreamingContext context(stream::runner_in(system), stream::Duration(50));
    context
        .source_stream<std::string>(stream::actor_source(
            system, system.spawn(producer, &all_committed), stream::text_schema()))
        .flat_map(stream::split(' '))
        .count_by_value()
        .write(stream::actor_sink(system, system.spawn(consumer)));
    context.start();
    all_committed.get_future().wait();
    context.stop(true);
  }  // source and sink let go of the actors, which end
}
