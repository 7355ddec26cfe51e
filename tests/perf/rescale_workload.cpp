// How long a query with 100 MB of state stands still while it goes from 2 tasks to 4, in one
// process and on two nodes: the longest time between two epochs around the change. Its totals are
// compared with those of a loop.
#include <libstream/api/output_set.hpp>
#include <libstream/plans/logical_plan.hpp>
#include <libstream/sql/sql_parser.hpp>
#include <tests/perf/batches_source.hpp>
#include <tests/perf/event_rows.hpp>
#include <tests/perf/fold_sink.hpp>
#include <tests/perf/inputs.hpp>
#include <tests/perf/node_group.hpp>
#include <tests/perf/node_workloads.hpp>
#include <tests/perf/query_watch.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <optional>

namespace stream::perf {
namespace {

constexpr Duration kTimeLimit{120'000};
constexpr std::uint32_t kNumKeys = 1'200'000;
constexpr std::int64_t kNumRows = 6'000'000;
constexpr std::size_t kBatchRows = 4096;
constexpr std::size_t kBatchesAnEpoch = 24;  ///< about 100,000 rows
constexpr double kWarmRows = 0.6;            ///< of all rows, before the change

/// The newest total of each key, in memory that forked processes share.
class SharedTotals {
 public:
  SharedTotals()
      : totals_(
            static_cast<Total*>(::mmap(nullptr, kNumKeys * sizeof(Total), PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~SharedTotals() { ::munmap(totals_, kNumKeys * sizeof(Total)); }
  SharedTotals(const SharedTotals&) = delete;
  SharedTotals& operator=(const SharedTotals&) = delete;

  /// Rows key, count, sum: a key's count only grows.
  void take(const Batch& batch) {
    const auto* keys = batch.column(0).data<std::int64_t>();
    const auto* counts = batch.column(1).data<std::int64_t>();
    const auto* sums = batch.column(2).data<std::int64_t>();
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      Total& total = totals_[keys[row]];
      if (counts[row] > total.count) total = {counts[row], sums[row]};
    }
  }
  Result<void> check(const std::vector<Batch>& batches) const {
    std::vector<Total> expected(kNumKeys);
    for (const Batch& batch : batches) {
      const auto* keys = batch.column(1).data<std::int64_t>();
      const auto* values = batch.column(2).data<std::int32_t>();
      for (std::size_t row = 0; row < batch.num_rows(); ++row) {
        Total& total = expected[static_cast<std::size_t>(keys[row])];
        ++total.count;
        total.sum += values[row];
      }
    }
    for (std::size_t key = 0; key < expected.size(); ++key) {
      if (totals_[key].count != expected[key].count || totals_[key].sum != expected[key].sum)
        return bad_data(fmt::format("wrong result: key {} has {} rows, expected {}", key,
                                    totals_[key].count, expected[key].count));
    }
    return {};
  }

 private:
  struct Total {
    std::int64_t count = 0;
    std::int64_t sum = 0;
  };
  Total* totals_;
};

/// Notes when epochs are over and how large the state was.
class EpochGaps {
 public:
  void epoch(std::int64_t rows, std::int64_t state_bytes) {
    const std::lock_guard lock(mutex_);
    const double now = watch_.seconds();
    num_rows_ += rows;
    state_bytes_ = std::max(state_bytes_, state_bytes);
    times_.push_back(now);
  }
  std::int64_t num_rows() {
    const std::lock_guard lock(mutex_);
    return num_rows_;
  }
  std::int64_t state_bytes() const { return state_bytes_; }
  double now() const { return watch_.seconds(); }
  /// The longest time between two epochs of which one ended after `begin` and the other began
  /// before `end`; and the usual time between two.
  std::pair<double, double> longest_and_usual(double begin, double end) const {
    double longest = 0;
    std::vector<double> all;
    for (std::size_t i = 1; i < times_.size(); ++i) {
      all.push_back(times_[i] - times_[i - 1]);
      if (times_[i] >= begin && times_[i - 1] <= end) longest = std::max(longest, all.back());
    }
    return {longest, all.empty() ? 0 : spread_of(all).median};
  }

 private:
  std::mutex mutex_;
  Stopwatch watch_;
  std::vector<double> times_;
  std::int64_t num_rows_ = 0;
  std::int64_t state_bytes_ = 0;
};

Result<PlannedQuery> plan_totals(const std::vector<Batch>& batches, std::uint32_t parallelism,
                                 const std::string& checkpoint,
                                 const std::shared_ptr<SharedTotals>& totals) {
  SessionState session(nullptr);
  STREAM_TRY(session.add_relation(
      "events", make_relation(SourceRelation{batches_source(batches, kBatchesAnEpoch), true}),
      false));
  QueryOutput output;
  STREAM_TRY(output.relation,
             parse_query("SELECT key, count(*) AS n, sum(value) AS s FROM events GROUP BY key"));
  output.mode = OutputMode::update;
  output.sink = fold_sink([totals](const Batch& batch) { totals->take(batch); });
  STREAM_TRY(const LogicalPlan logical,
             plan_main_outputs(session, {std::move(output)}, parallelism));
  PlannedQuery query;
  STREAM_TRY(query.plan, make_physical_plan(logical, parallelism));
  query.options.name = "totals";
  query.options.parallelism = parallelism;
  query.options.trigger = Trigger::processing_time(Duration(20));
  query.options.checkpoint_directory = checkpoint;
  query.options.checkpoint_interval = Duration(1000);
  return query;
}

std::vector<Batch> total_batches() {
  EventSpec spec;
  spec.num_rows = kNumRows;
  spec.num_keys = kNumKeys;
  return event_batches(spec, kBatchRows);
}

class GapListener final : public QueryListener {
 public:
  explicit GapListener(EpochGaps& gaps) : gaps_(gaps) {}
  void on_query_progress(const QueryProgress& progress) override {
    std::int64_t bytes = 0;
    for (const auto& op : progress.state_operators) bytes += op.state_bytes;
    gaps_.epoch(progress.num_input_rows(), bytes);
  }

 private:
  EpochGaps& gaps_;
};

Work work_of(const EpochGaps& gaps, double begin, double end) {
  const auto [longest, usual] = gaps.longest_and_usual(begin, end);
  return Work{
      longest, kNumRows,
      fmt::format("{:.0f} ms without an epoch, usually {:.0f}; {:.0f} MB of state", longest * 1e3,
                  usual * 1e3, static_cast<double>(gaps.state_bytes()) * 1e-6)};
}

Result<Work> rescale_in_one(const std::string& checkpoint) {
  const std::vector<Batch> batches = total_batches();
  const auto totals = std::make_shared<SharedTotals>();
  EpochGaps gaps;
  STREAM_TRY(PlannedQuery query, plan_totals(batches, 2, checkpoint, totals));
  query.options.listeners.push_back(std::make_shared<GapListener>(gaps));
  const auto runner = make_runner(RunnerKind::actors, 2);
  STREAM_TRY(const auto running, runner->start(std::move(query.plan), std::move(query.options)));
  while (gaps.num_rows() < static_cast<std::int64_t>(kWarmRows * kNumRows) && running->is_active())
    await(Duration(5));
  const double begin = gaps.now();
  STREAM_TRY(running->rescale(4));
  const double end = gaps.now();
  STREAM_TRY(running->process_all_available());
  running->stop(false);
  STREAM_TRY(totals->check(batches));
  return work_of(gaps, begin, end);
}

/// A process that asks for the change when it is told to, so that the measuring one needs no
/// thread.
class Rescaler {
 public:
  Result<void> start() {
    int down[2];
    if (::pipe2(down, O_CLOEXEC) != 0) return fatal("no pipe");
    process_ = ::fork();
    if (process_ == 0) {
      ::close(down[1]);
      NodeAddress address{"127.0.0.1", 0};
      bool is_done = false;
      if (::read(down[0], &address.port, sizeof address.port) == sizeof address.port)
        is_done = rescale_submission({address}, 1, 4).has_value();
      ::_exit(is_done ? 0 : 1);
    }
    ::close(down[0]);
    to_ = down[1];
    if (process_ < 0) return fatal("no process");
    return {};
  }
  ~Rescaler() {
    if (to_ >= 0) ::close(to_);
    (void)wait();
  }
  void ask(const NodeAddress& node) {
    if (::write(to_, &node.port, sizeof node.port) < 0) return;
  }
  /// Did it get what it asked for?
  bool wait() {
    if (process_ <= 0) return false;
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

 private:
  pid_t process_ = -1;
  int to_ = -1;
};

/// Of a progress record.
std::int64_t number_in(const std::string& record, const std::string& key) {
  std::int64_t sum = 0;
  for (std::size_t at = record.find(key); at != std::string::npos; at = record.find(key, at + 1))
    sum += std::strtoll(record.c_str() + at + key.size(), nullptr, 10);
  return sum;
}

Result<Work> rescale_on_nodes(const std::string& checkpoint) {
  const std::vector<Batch> batches = total_batches();
  const auto totals = std::make_shared<SharedTotals>();
  Rescaler rescaler;
  STREAM_TRY(rescaler.start());
  const ProgramPlanner planner =
      [&](const QueryProgram& program) -> Result<std::vector<PlannedQuery>> {
    std::vector<PlannedQuery> queries(1);
    STREAM_TRY(queries[0], plan_totals(batches, program.parallelism, checkpoint, totals));
    return queries;
  };
  STREAM_TRY(const auto nodes, NodeGroup::start(2, planner, [] { return std::string("ended"); }));
  QueryProgram program;
  program.parallelism = 2;
  EpochGaps gaps;
  std::optional<double> begin;
  double idle_since = 0;
  SubmissionEvents events;
  events.progress = [&](const std::string& record) {
    const std::int64_t rows = number_in(record, "\"numInputRows\":");
    // The first is the sum over sources, which are one.
    gaps.epoch(rows / 2, number_in(record, "\"memoryUsedBytes\":"));
    if (!begin && gaps.num_rows() >= static_cast<std::int64_t>(kWarmRows * kNumRows)) {
      begin = gaps.now();
      rescaler.ask(nodes->address());
    }
    if (gaps.num_rows() >= kNumRows && idle_since == 0) idle_since = gaps.now();
  };
  events.is_stopped = [&] { return idle_since != 0; };
  STREAM_TRY(submit_program({nodes->address()}, program, events));
  if (!begin || !rescaler.wait()) return fatal("the query was not rescaled");
  STREAM_TRY([[maybe_unused]] const auto told, nodes->finish());
  STREAM_TRY(totals->check(batches));
  return work_of(gaps, *begin, idle_since);
}

}  // namespace

void measure_rescale(const BenchOptions&, const Print& print) {
  const auto directory = TemporaryDirectory::make();
  if (!directory) return print(failed_line("W8 rescale", directory.error().message()));
  const Measured one = measure([&] { return rescale_in_one(*directory / "one"); }, kTimeLimit);
  print(line_of("W8 rescale one process", one, one.work.note));
  const Measured two = measure([&] { return rescale_on_nodes(*directory / "two"); }, kTimeLimit);
  print(line_of("W8 rescale two nodes", two, two.work.note));
}

}  // namespace stream::perf
