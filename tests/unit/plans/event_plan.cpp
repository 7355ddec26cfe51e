#include <libstream/connectors/memory/no_commit.hpp>
#include <libstream/data/column_builder.hpp>
#include <tests/unit/plans/event_plan.hpp>

#include <algorithm>

namespace stream::testing {
namespace {

constexpr std::int64_t kWindowSeconds = 5;
constexpr std::int64_t kDelayMillis = 10'000;

std::shared_ptr<const Schema> integers(const std::vector<std::string>& names) {
  Schema schema;
  for (const std::string& name : names)
    schema.fields.push_back({name, primitive(TypeKind::int64), false});
  return std::make_shared<const Schema>(std::move(schema));
}

class EventPlanner final : public SourcePlanner {
 public:
  EventPlanner(std::shared_ptr<const EventRows> rows, EventSourceKind kind)
      : rows_(std::move(rows)), kind_(kind) {}

  Result<void> open(const PlannerContext&) override { return {}; }
  Result<std::string> initial_offset() override { return std::string("0"); }
  Result<std::optional<std::string>> latest_offset(const std::string&, EpochMillis) override {
    if (kind_ == EventSourceKind::is_static) return fatal("a static source was asked for its end");
    return std::optional(std::to_string(rows_->size()));
  }
  Result<std::vector<Split>> plan(const std::string& start, const std::string& end) override {
    if (kind_ == EventSourceKind::is_static)
      return std::vector<Split>{{"0 " + std::to_string(rows_->size()), 0}};
    if (start == end) return std::vector<Split>{};
    return std::vector<Split>{{start + " " + end, 0}};
  }
  Result<void> commit(const std::string&) override {
    if (kind_ == EventSourceKind::is_static) return fatal("a static source was told of a commit");
    return {};
  }

 private:
  std::shared_ptr<const EventRows> rows_;
  EventSourceKind kind_;
};

class EventReader final : public SourceReader {
 public:
  explicit EventReader(std::shared_ptr<const EventRows> rows) : rows_(std::move(rows)) {}

  Result<void> start(const ReaderContext& context) override {
    pool_ = &context.pool;
    return {};
  }
  Result<void> open(const Split& split) override {
    char* rest = nullptr;
    next_ = std::strtoull(split.content.c_str(), &rest, 10);
    end_ = std::strtoull(rest, nullptr, 10);
    return {};
  }
  Result<ReadStatus> read(Batch& batch) override {
    if (next_ == end_) return ReadStatus::end_of_split;
    ColumnBuilder seconds(primitive(TypeKind::int64), *pool_);
    const std::size_t num_rows = end_ - next_;
    for (; next_ < end_; ++next_) seconds.append(rows_->at(next_));
    std::vector<Column> columns;
    columns.push_back(seconds.finish());
    batch = Batch(integers({"seconds"}), std::move(columns), num_rows);
    return ReadStatus::batch;
  }

 private:
  std::shared_ptr<const EventRows> rows_;
  BlockPool* pool_ = nullptr;
  std::size_t next_ = 0;
  std::size_t end_ = 0;
};

class EventSource final : public Source {
 public:
  EventSource(std::shared_ptr<const EventRows> rows, EventSourceKind kind)
      : rows_(std::move(rows)), kind_(kind) {}
  std::string description() const override { return "events"; }
  Schema schema() const override { return *integers({"seconds"}); }
  bool is_static() const override { return kind_ == EventSourceKind::is_static; }
  bool makes_empty_first_epoch() const override {
    return kind_ == EventSourceKind::growing_with_empty_first_epoch;
  }
  std::unique_ptr<SourcePlanner> make_planner() const override {
    return std::make_unique<EventPlanner>(rows_, kind_);
  }
  std::unique_ptr<SourceReader> make_reader() const override {
    return std::make_unique<EventReader>(rows_);
  }

 private:
  std::shared_ptr<const EventRows> rows_;
  EventSourceKind kind_;
};

class WatchEventTimes final : public Operator {
 public:
  Result<void> open(const OperatorContext&) override { return {}; }
  Result<void> begin(const EpochStart&) override {
    times_ = {};
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output& output) override {
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      const std::int64_t millis = batch.column(0).data<std::int64_t>()[row] * 1000;
      times_.add({0, millis, millis, millis, 1});
    }
    return output.push(std::move(batch));
  }
  std::optional<EventTimes> event_times() const override { return times_; }

 private:
  EventTimes times_;
};

/// Append mode: a window's count comes when the watermark has passed its end.
class CountWindows final : public Operator {
 public:
  Result<void> open(const OperatorContext& context) override {
    pool_ = &context.pool;
    return {};
  }
  Result<void> begin(const EpochStart& start) override {
    late_ = start.late_watermark;
    counts_ = {};
    return {};
  }
  Result<void> push(InputPlace, Batch batch, Output&) override {
    for (std::size_t row = 0; row < batch.num_rows(); ++row) {
      const std::int64_t seconds = batch.column(0).data<std::int64_t>()[row];
      const std::int64_t window = seconds - seconds % kWindowSeconds;
      if ((window + kWindowSeconds) * 1000 <= late_) {
        ++counts_.dropped_by_watermark;
      } else {
        ++windows_[window];
        ++counts_.updated;
      }
    }
    return {};
  }
  Result<bool> end(const EpochStart& start, Output& output) override {
    ColumnBuilder begins(primitive(TypeKind::int64), *pool_);
    ColumnBuilder counts(primitive(TypeKind::int64), *pool_);
    while (!windows_.empty() &&
           (windows_.begin()->first + kWindowSeconds) * 1000 <= start.watermark) {
      begins.append(windows_.begin()->first);
      counts.append(windows_.begin()->second);
      windows_.erase(windows_.begin());
      ++counts_.removed;
    }
    const std::size_t num_rows = begins.num_rows();
    if (num_rows == 0) return true;
    std::vector<Column> columns;
    columns.push_back(begins.finish());
    columns.push_back(counts.finish());
    STREAM_TRY(output.push(Batch(integers({"window", "count"}), std::move(columns), num_rows)));
    return true;
  }

  bool is_stateful() const override { return true; }
  /// One piece holds all windows; the newest piece counts.
  Result<void> seal(std::vector<StatePiece>& pieces) override {
    ColumnBuilder hashes(primitive(TypeKind::int64), *pool_);
    ColumnBuilder deleted(primitive(TypeKind::boolean), *pool_);
    ColumnBuilder begins(primitive(TypeKind::int64), *pool_);
    ColumnBuilder counts(primitive(TypeKind::int64), *pool_);
    const auto append = [&](std::int64_t begin, std::int64_t count, bool is_gone) {
      hashes.append(begin);
      deleted.append(is_gone);
      begins.append(begin);
      counts.append(count);
    };
    for (const auto& [begin, count] : sealed_) {
      if (!windows_.contains(begin)) append(begin, count, true);
    }
    for (const auto& [begin, count] : windows_) append(begin, count, false);
    sealed_ = windows_;
    const std::size_t num_rows = hashes.num_rows();
    if (num_rows == 0) return {};
    Schema schema = *integers({"hash", "deleted", "window", "count"});
    schema.fields[1].type = primitive(TypeKind::boolean);
    std::vector<Column> columns;
    for (ColumnBuilder* column : {&hashes, &deleted, &begins, &counts})
      columns.push_back(column->finish());
    pieces.push_back(
        {"windows", 1,
         Batch(std::make_shared<const Schema>(std::move(schema)), std::move(columns), num_rows)});
    return {};
  }
  Result<void> restore(const StatePiece& piece) override {
    for (std::size_t row = 0; row < piece.batch.num_rows(); ++row) {
      const std::int64_t begin = piece.batch.column(2).data<std::int64_t>()[row];
      if (piece.batch.column(1).data<bool>()[row]) {
        windows_.erase(begin);
      } else {
        windows_[begin] = piece.batch.column(3).data<std::int64_t>()[row];
      }
    }
    sealed_ = windows_;
    return {};
  }
  StateCounts state_counts() const override {
    StateCounts counts = counts_;
    counts.rows = static_cast<std::int64_t>(windows_.size());
    return counts;
  }

 private:
  BlockPool* pool_ = nullptr;
  EpochMillis late_ = 0;
  std::map<std::int64_t, std::int64_t> windows_, sealed_;
  StateCounts counts_;
};

class RecordingWriter final : public SinkWriter {
 public:
  explicit RecordingWriter(std::shared_ptr<SinkCalls> calls) : calls_(std::move(calls)) {}
  Result<void> open(const SinkContext& context) override {
    task_ = context.task;
    return {};
  }
  Result<void> begin(std::int64_t epoch, EpochMillis) override { return record("begin", epoch); }
  Result<void> write(const Batch&) override { return record("write", -1); }
  Result<void> end(std::int64_t epoch) override { return record("end", epoch); }
  Result<std::string> finish(std::int64_t) override { return std::string(); }

 private:
  Result<void> record(const std::string& call, std::int64_t epoch) {
    std::lock_guard lock(calls_->mutex);
    calls_->by_task[task_].push_back(epoch < 0 ? call : call + " " + std::to_string(epoch));
    return {};
  }
  std::shared_ptr<SinkCalls> calls_;
  std::uint32_t task_ = 0;
};

class RecordingSink final : public Sink {
 public:
  explicit RecordingSink(std::shared_ptr<SinkCalls> calls) : calls_(std::move(calls)) {}
  std::string description() const override { return "recording"; }
  SinkKind kind() const override { return SinkKind::direct; }
  Result<void> check(const Schema&) const override { return {}; }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return std::make_unique<RecordingWriter>(calls_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    return std::make_unique<NoCommit>();
  }

 private:
  std::shared_ptr<SinkCalls> calls_;
};

}  // namespace

void EventRows::add(const std::vector<std::int64_t>& seconds) {
  std::lock_guard lock(mutex_);
  seconds_.insert(seconds_.end(), seconds.begin(), seconds.end());
}

std::size_t EventRows::size() const {
  std::lock_guard lock(mutex_);
  return seconds_.size();
}

std::int64_t EventRows::at(std::size_t row) const {
  std::lock_guard lock(mutex_);
  return seconds_.at(row);
}

std::shared_ptr<const Source> event_source(std::shared_ptr<const EventRows> rows,
                                           EventSourceKind kind) {
  return std::make_shared<EventSource>(std::move(rows), kind);
}

PhysicalPlan window_plan(std::shared_ptr<const EventRows> rows, std::shared_ptr<const Sink> sink,
                         NoDataEpochs no_data_epochs) {
  PhysicalPlan plan;
  plan.sources.push_back(event_source(std::move(rows)));
  plan.sinks.push_back(std::move(sink));
  plan.watermark_delays = {kDelayMillis};
  Stage stage;
  stage.name = "windows";
  stage.source = 0;
  stage.operators.push_back(
      {"1-watermark", "with_watermark", [] { return std::make_unique<WatchEventTimes>(); }});
  stage.operators.push_back({"2-window", "count_windows",
                             [] { return std::make_unique<CountWindows>(); }, 1, no_data_epochs});
  stage.sink = 0;
  plan.stages.push_back(std::move(stage));
  return plan;
}

PhysicalPlan union_plan(std::vector<std::shared_ptr<const Source>> sources,
                        std::shared_ptr<const Sink> sink) {
  PhysicalPlan plan;
  Stage all;
  all.name = "union";
  all.sink = 0;
  for (std::uint32_t i = 0; i < sources.size(); ++i) {
    Stage stage;
    stage.name = "source";
    stage.source = i;
    plan.stages.push_back(std::move(stage));
    all.inputs.push_back({i, 0, Exchange::single});
  }
  plan.sources = std::move(sources);
  plan.sinks.push_back(std::move(sink));
  plan.stages.push_back(std::move(all));
  return plan;
}

std::vector<std::vector<std::string>> taken_rows(const CollectSink& sink) {
  std::vector<std::vector<std::string>> epochs;
  for (const CollectedEpoch& epoch : sink.take()) {
    std::vector<std::string>& rows = epochs.emplace_back();
    for (const Batch& batch : epoch.batches) {
      for (std::size_t row = 0; row < batch.num_rows(); ++row) {
        std::string text;
        for (std::size_t column = 0; column < batch.num_columns(); ++column) {
          if (column > 0) text += ':';
          text += std::to_string(batch.column(column).data<std::int64_t>()[row]);
        }
        rows.push_back(std::move(text));
      }
    }
    std::sort(rows.begin(), rows.end());
  }
  return epochs;
}

std::shared_ptr<const Sink> recording_sink(std::shared_ptr<SinkCalls> calls) {
  return std::make_shared<RecordingSink>(std::move(calls));
}

}  // namespace stream::testing
