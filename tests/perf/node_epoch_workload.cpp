// What an epoch costs when its tasks are on nodes: a keyed query without rows, epoch after epoch.
#include <tests/perf/batches_source.hpp>
#include <tests/perf/event_rows.hpp>
#include <tests/perf/node_group.hpp>
#include <tests/perf/node_workloads.hpp>
#include <tests/perf/shuffle_plan.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <optional>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{60'000};

std::int64_t number_of(const std::string& record, const std::string& key) {
  const auto at = record.find(fmt::format("\"{}\":", key));
  return at == std::string::npos ? 0
                                 : std::strtoll(record.c_str() + at + key.size() + 3, nullptr, 10);
}

Result<Work> run_epochs(std::uint32_t num_nodes, Duration time) {
  EventSpec spec;
  spec.num_rows = 1000;
  const std::vector<Batch> batches = event_batches(spec, 1000);
  const auto source = batches_source(batches, 1);
  const auto tally = std::make_shared<KeyTally>();
  const ProgramPlanner planner =
      [source, tally](const QueryProgram& program) -> Result<std::vector<PlannedQuery>> {
    std::vector<PlannedQuery> queries(1);
    STREAM_TRY(queries[0], plan_shuffle(source, program.parallelism, tally));
    queries[0].options.trigger = Trigger::processing_time(Duration(0));
    queries[0].options.run_empty_epochs = true;
    return queries;
  };
  STREAM_TRY(const auto nodes,
             NodeGroup::start(num_nodes, planner, [tally] { return tally->text(); }));
  QueryProgram program;
  program.parallelism = num_nodes;
  std::optional<Stopwatch> watch;
  std::int64_t first = 0;
  std::int64_t epochs = 0;
  double seconds = 0;
  const double wanted = static_cast<double>(time.count()) / 1000;
  SubmissionEvents events;
  events.progress = [&](const std::string& record) {
    const std::int64_t epoch = number_of(record, "batchId");
    if (!watch) {
      watch.emplace();  // the first epoch has the start in it
      first = epoch;
      return;
    }
    if (seconds > wanted) return;
    epochs = epoch - first;  // not every record of so many comes
    seconds = watch->seconds();
  };
  events.is_stopped = [&] { return seconds > wanted; };
  STREAM_TRY(submit_program({nodes->address()}, program, events));
  STREAM_TRY(std::vector<std::string> told, nodes->finish());
  told.push_back(tally->text());
  if (sum_of_tallies(told) != tally_of(batches)) return bad_data("wrong result");
  if (epochs == 0) return fatal("no epoch ran");
  return Work{seconds, epochs,
              fmt::format("{:.2f} ms an epoch", seconds * 1e3 / static_cast<double>(epochs))};
}

}  // namespace

void measure_node_epochs(const BenchOptions& options, const Print& print) {
  const Duration time(options.is_quick ? 1'000 : 3'000);
  for (const std::uint32_t num_nodes : {1u, 2u, 4u, 8u}) {
    const Measured measured = measure([&] { return run_epochs(num_nodes, time); }, kTimeLimit);
    print(line_of(fmt::format("W8 epochs {} node{}", num_nodes, num_nodes == 1 ? "" : "s"),
                  measured, measured.work.note));
  }
}

}  // namespace stream::perf
