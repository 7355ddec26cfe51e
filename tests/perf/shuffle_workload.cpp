// W8: rows that go to the other of two processes by their key, against the same query in one.
#include <libstream/execution/task_frame.hpp>
#include <tests/perf/batches_source.hpp>
#include <tests/perf/event_rows.hpp>
#include <tests/perf/node_group.hpp>
#include <tests/perf/node_workloads.hpp>
#include <tests/perf/shuffle_plan.hpp>
#include <tests/perf/workloads.hpp>

#include <fmt/format.h>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{120'000};
constexpr std::int64_t kNumRows = 20'000'000;
constexpr std::size_t kBatchRows = 4096;
constexpr std::size_t kRepeats = 10;  ///< the same columns so many times: memory for all is dear
constexpr std::size_t kNumEpochs = 5;

std::vector<Batch> shuffled_batches(const BenchOptions& options) {
  EventSpec spec;
  spec.num_rows = (options.is_quick ? kNumRows / 4 : kNumRows) / static_cast<int>(kRepeats);
  const std::vector<Batch> once = event_batches(spec, kBatchRows);
  std::vector<Batch> all;
  for (std::size_t i = 0; i < kRepeats; ++i) all.insert(all.end(), once.begin(), once.end());
  return all;
}

/// To its end in few epochs.
Result<PlannedQuery> plan_whole(std::shared_ptr<const Source> source, std::uint32_t parallelism,
                                std::shared_ptr<KeyTally> tally) {
  STREAM_TRY(PlannedQuery query, plan_shuffle(std::move(source), parallelism, std::move(tally)));
  query.options.trigger = Trigger::available_now();
  return query;
}

Result<Work> shuffle_in_one(const std::shared_ptr<const Source>& source) {
  const auto tally = std::make_shared<KeyTally>();
  STREAM_TRY(PlannedQuery query, plan_whole(source, 2, tally));
  const auto runner = make_runner(RunnerKind::actors, 2);
  const Stopwatch watch;
  STREAM_TRY(const auto running, runner->start(std::move(query.plan), std::move(query.options)));
  STREAM_TRY(running->await_termination(std::nullopt));
  return Work{watch.seconds(), tally->num_rows, tally->text()};
}

Result<Work> shuffle_in_two(const std::shared_ptr<const Source>& source) {
  const auto tally = std::make_shared<KeyTally>();
  const ProgramPlanner planner =
      [source, tally](const QueryProgram& program) -> Result<std::vector<PlannedQuery>> {
    std::vector<PlannedQuery> queries(1);
    STREAM_TRY(queries[0], plan_whole(source, program.parallelism, tally));
    return queries;
  };
  STREAM_TRY(const auto nodes, NodeGroup::start(2, planner, [tally] { return tally->text(); }));
  QueryProgram program;
  program.parallelism = 2;
  std::optional<Stopwatch> watch;
  SubmissionEvents events;
  events.accepted = [&](std::uint64_t) { watch.emplace(); };
  STREAM_TRY(submit_program({nodes->address()}, program, events));
  if (!watch) return fatal("the program was not accepted");
  const double seconds = watch->seconds();
  STREAM_TRY(std::vector<std::string> told, nodes->finish());
  told.push_back(tally->text());
  for (const std::string& one : told) {
    if (one.starts_with("0 ")) return fatal("a process got no rows: nothing was shuffled");
  }
  Work work{seconds, 0, sum_of_tallies(told)};
  work.rows = std::stoll(work.note);
  return work;
}

/// Bytes of frames for each byte of the columns in them; they are read again and compared.
Result<Work> encode_frames(const std::vector<Batch>& batches) {
  constexpr std::size_t kMostBatches = 500;
  TaskFrameWriter writer({{1, 1}, "node", 3, 0});
  BlockPool pool;
  std::vector<Batch> received;
  std::size_t wire = 0;
  std::size_t columns = 0;
  std::vector<Batch> sent;
  const Stopwatch watch;
  for (std::size_t i = 0; i < std::min(batches.size(), kMostBatches); ++i) {
    const Batch& batch = batches[i];
    sent.push_back(batch);
    columns += batch.num_rows() * (2 * sizeof(std::int64_t) + sizeof(std::int32_t));
    writer.deliver(0, batch);
    STREAM_TRY(const std::string frame, writer.take());
    wire += frame.size();
    std::string_view elements = frame;
    STREAM_TRY([[maybe_unused]] const auto header, read_task_frame(elements));
    STREAM_TRY(auto events, read_task_events(elements, 1, 1, pool));
    for (TaskEvent& event : events) {
      if (auto* arrived = std::get_if<ElementArrived>(&event))
        received.push_back(std::get<Batch>(std::move(arrived->element)));
    }
  }
  const double seconds = watch.seconds();
  if (tally_of(received) != tally_of(sent)) return bad_data("other rows came out than went in");
  const double ratio = static_cast<double>(wire) / static_cast<double>(columns);
  if (ratio > 1.1) return fatal(fmt::format("{:.3f} bytes on the wire for each of rows", ratio));
  return Work{seconds, std::stoll(tally_of(sent)),
              fmt::format("{:.3f} bytes on the wire for each of the columns, {:.1f} a row", ratio,
                          static_cast<double>(wire) / std::stod(tally_of(sent)))};
}

void measure_shuffle(const BenchOptions& options, const Print& print) {
  const std::vector<Batch> batches = shuffled_batches(options);
  const auto source = batches_source(batches, batches.size() / kNumEpochs + 1);
  const std::string expected = tally_of(batches);
  const auto checked = [&](Result<Work> work) -> Result<Work> {
    if (work && work->note != expected)
      return bad_data(fmt::format("wrong result: {}, expected {}", work->note, expected));
    return work;
  };
  const Comparison comparison =
      compare([&](int) { return checked(shuffle_in_two(source)); },
              [&](int) { return checked(shuffle_in_one(source)); }, num_pairs(options), kTimeLimit);
  if (!comparison.is_ok()) return print(failed_line("W8 rows", comparison.error));
  print(line_of("W8 rows, one process", median_run(comparison.second), ""));
  print(line_of("W8 rows, two", median_run(comparison.first),
                in_words(comparison.ratio_of_rates(), "x the rate of one process")));
  const Measured wire = measure([&] { return encode_frames(batches); }, kTimeLimit);
  print(line_of("W8 wire", wire, wire.work.note));
}

}  // namespace

void run_shuffle(const BenchOptions& options, const Print& print) {
  if (options.wants("rows")) measure_shuffle(options, print);
  if (options.wants("channel")) measure_channel(options, print);
  if (options.wants("epochs")) measure_node_epochs(options, print);
  if (options.wants("rescale")) measure_rescale(options, print);
  if (options.wants("control")) measure_control_loop(options, print);
}

}  // namespace stream::perf
