// A CAF program whose actor system joins a cluster and spawns a pipeline on its nodes: the words of
// a folder's files, counted there; an actor of the program hears of each epoch.
// Run it beside a node: cluster_pipeline 127.0.0.1:4001 INPUT OUTPUT
#include <actors/cluster_pipeline.hpp>
#include <libstream/stream.hpp>

#include <cstdio>

caf::behavior clerk(caf::event_based_actor*) {
  return {[](const std::string& line) { std::printf("clerk: %s\n", line.c_str()); }};
}

/// Tells an actor what the query reports.
class Reporter final : public stream::QueryListener {
 public:
  explicit Reporter(caf::actor to) : to_(std::move(to)) {}
  void on_query_progress(const stream::QueryProgress& progress) override {
    const auto rows = std::to_string(progress.num_input_rows());
    stream::caf_compat::send_from_outside(to_, rows + " lines are counted");
  }

 private:
  caf::actor to_;
};

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  caf::actor_system_config config;
  stream::load_network(config);
  caf::actor_system system(config);
  const auto cluster = stream::cluster_runner_in(system, {.cluster = argv[1]});
  stream::StreamingContext context(cluster, stream::Duration(100));
  context.set_trigger(stream::Trigger::available_now());
  context.options().parallelism = 4;
  stream::TextFileOptions files{.path = argv[2]};
  files.available_now = true;
  context.text_file_stream(files).flat_map(stream::split(' ')).count_by_value().write_text(argv[3]);
  context.add_listener(std::make_shared<Reporter>(system.spawn(clerk)));
  context.start();  // a worker of this program stays here
  return context.await_termination();
}
