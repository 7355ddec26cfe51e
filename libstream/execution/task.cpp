#include <libstream/base/check.hpp>
#include <libstream/execution/task.hpp>

#include <fmt/format.h>

#include <utility>

namespace stream {
namespace {

// Credit goes back in parts of the channel's, not batch by batch: each is a message. A sender that
// waits has all of its credit out, so that parts of it come.
constexpr std::int64_t kCreditParts = 8;

}  // namespace

/// Leads batches into the next operator, the sink or the router.
class Task::ChainLink final : public Output {
 public:
  ChainLink(Task& task, std::size_t next) : task_(task), next_(next) {}

  Result<void> push(Batch batch) override {
    return push_from({0, task_.node_.index}, std::move(batch));
  }

  Result<void> push_from(InputPlace place, Batch batch) {
    const auto num_rows = static_cast<std::int64_t>(batch.num_rows());
    if (num_rows == 0) return {};
    if (next_ > 0) task_.counts_[next_ - 1].rows_out += num_rows;
    if (next_ < task_.operators_.size()) {
      task_.counts_[next_].rows_in += num_rows;
      return task_.operators_[next_]->push(place, std::move(batch), *task_.links_[next_ + 1]);
    }
    if (task_.writer_) {
      task_.sink_rows_ += num_rows;
      STREAM_TRY(task_.writer_->write(batch));
    }
    task_.router_->push(std::move(batch));
    return {};
  }

 private:
  Task& task_;
  std::size_t next_;
};

Task::Task(const PhysicalPlan& plan, const TaskNode& node, std::uint32_t number,
           TaskOptions options, TaskPeers& peers)
    : plan_(plan),
      stage_(plan.stages[node.stage]),
      node_(node),
      number_(number),
      options_(std::move(options)),
      peers_(peers),
      inputs_(node.inputs.size()) {
  router_ =
      std::make_unique<Router>(node_, plan_, static_cast<std::int64_t>(options_.channel_bytes),
                               pool_, [this](const OutputChannel& channel, Batch batch) {
                                 peers_.send(channel.to_task, channel.to_input, std::move(batch));
                               });
}

Task::~Task() = default;

Result<void> Task::open(const std::vector<SealedState>& restored) {
  std::uint32_t num_inputs = 1;
  std::uint32_t num_partitions = stage_.source ? stage_.parallelism : 1;
  for (const InputChannel& channel : node_.inputs) {
    num_inputs = std::max(num_inputs, channel.place.ordinal + 1);
    num_partitions = std::max(num_partitions, channel.place.partition + 1);
  }
  OperatorContext context{pool_,
                          node_.index,
                          stage_.parallelism,
                          num_inputs,
                          num_partitions,
                          key_groups_of(node_.index, stage_.parallelism, plan_.num_groups),
                          plan_.num_groups,
                          options_.batch_rows};
  for (const PhysicalOperator& description : stage_.operators) {
    std::unique_ptr<Operator> made = description.make();
    STREAM_TRY(made->open(context));
    for (const SealedState& state : restored) {
      if (state.operator_id != description.id) continue;
      for (const StatePiece& piece : state.pieces) STREAM_TRY(made->restore(piece));
    }
    operators_.push_back(std::move(made));
    counts_.push_back({});
    counts_.back().name = description.name;
    context.num_inputs = 1;
    context.num_partitions = stage_.parallelism;
  }
  for (std::size_t i = 0; i <= operators_.size(); ++i)
    links_.push_back(std::make_unique<ChainLink>(*this, i));
  if (stage_.source) {
    const Source& source = *plan_.sources[*stage_.source];
    if (router_->has_edge(StageOutput::bad_records)) bad_records_.emplace(source.description());
    reader_ = source.make_reader();
    ReaderContext reading{*options_.files, *options_.clock, pool_, options_.wake,
                          options_.batch_rows};
    reading.keeps_all_rejects = bad_records_.has_value();
    STREAM_TRY(reader_->start(reading));
  }
  if (stage_.sink) {
    writer_ = plan_.sinks[*stage_.sink]->make_writer();
    STREAM_TRY(
        writer_->open({*options_.sink_files, options_.query_id, node_.index, stage_.parallelism,
                       options_.term, options_.sink_history, *stage_.sink}));
  }
  return {};
}

void Task::deliver(std::uint32_t input, Element element) {
  const auto* batch = std::get_if<Batch>(&element);
  const std::int64_t charge = batch ? static_cast<std::int64_t>(batch->retained_bytes()) : 0;
  deliver(input, std::move(element), charge);
}

void Task::deliver(std::uint32_t input, Element element, std::int64_t charge) {
  inputs_[input].elements.push_back({std::move(element), charge});
}

void Task::grant(std::uint32_t output, std::int64_t bytes) { router_->grant(output, bytes); }

void Task::begin_epoch(const EpochStart& start, DealtSplits splits) {
  STREAM_CHECK(phase_ == Phase::idle,
               fmt::format("epoch {} begins before {} ended", start.epoch, start_.epoch));
  if (auto begun = begin(start); !begun) {
    fail(std::move(begun).error());
    return;
  }
  splits_ = std::move(splits);
  is_split_open_ = false;
}

void Task::end_open_range() { should_end_open_range_ = true; }

void Task::commit_epoch(EpochId epoch) {
  if (phase_ == Phase::failed) return;
  STREAM_CHECK(phase_ == Phase::idle && start_.epoch == epoch,
               fmt::format("epoch {} is committed while {} runs", epoch, start_.epoch));
  if (auto committed = writer_->commit(epoch); !committed) {
    fail(std::move(committed).error());
    return;
  }
  peers_.committed(epoch);
}

StepResult Task::fail(Error error) {
  phase_ = Phase::failed;
  peers_.failed(std::move(error));
  return StepResult::failed;
}

Result<void> Task::begin(const EpochStart& start) {
  start_ = start;
  phase_ = Phase::reading;
  ends_seen_ = 0;
  ending_operator_ = 0;
  should_end_open_range_ = false;
  is_open_end_reported_ = false;
  rows_read_ = 0;
  sink_rows_ = 0;
  for (OperatorStatistics& counts : counts_) counts.rows_in = counts.rows_out = 0;
  router_->begin_epoch();
  for (const OutputChannel& channel : node_.outputs)
    peers_.send(channel.to_task, channel.to_input, start);
  for (std::size_t i = 0; i < operators_.size(); ++i) {
    if (is_due(stage_.operators[i].slide_in)) STREAM_TRY(operators_[i]->begin(start));
  }
  if (writer_ && is_due(stage_.sink_slide))
    STREAM_TRY(writer_->begin(start.epoch, start.batch_time));
  return {};
}

StepResult Task::step() {
  if (phase_ == Phase::failed) return StepResult::failed;
  if (!router_->has_credit()) return StepResult::blocked_on_credit;
  if (phase_ == Phase::ending) return step_end();
  return stage_.source ? step_source() : step_inputs();
}

StepResult Task::step_source() {
  if (phase_ == Phase::idle) return StepResult::blocked_on_input;
  bool progressed = false;
  if (auto read = read_some(progressed); !read) return fail(std::move(read).error());
  return progressed ? StepResult::progressed : StepResult::blocked_on_input;
}

Result<void> Task::read_some(bool& progressed) {
  progressed = true;
  if (!is_split_open_) {
    const auto split = splits_.take();
    if (!split) {
      phase_ = Phase::ending;
      return {};
    }
    STREAM_TRY(reader_->open(*split));
    is_split_open_ = true;
  }
  if (should_end_open_range_) {
    should_end_open_range_ = false;
    STREAM_TRY(report_open_end());
  }
  Batch batch;
  STREAM_TRY(const ReadStatus status, reader_->read(batch));
  hand_on_bad_records();
  switch (status) {
    case ReadStatus::batch:
      rows_read_ += static_cast<std::int64_t>(batch.num_rows());
      return links_[0]->push_from({0, node_.index}, std::move(batch));
    case ReadStatus::end_of_split:
      is_split_open_ = false;
      if (plan_.sources[*stage_.source]->has_open_ranges()) return report_open_end();
      return {};
    case ReadStatus::no_rows_yet:
      progressed = false;
      return {};
  }
  return {};
}

void Task::hand_on_bad_records() {
  if (!bad_records_) return;
  const std::vector<Reject> rejects = reader_->take_rejects();
  if (!rejects.empty())
    router_->push(bad_records_->batch_of(rejects, pool_), StageOutput::bad_records);
}

Result<void> Task::report_open_end() {
  if (is_open_end_reported_) return {};
  is_open_end_reported_ = true;
  STREAM_TRY(std::string end, reader_->end_open_range());
  hand_on_bad_records();
  peers_.open_range_ended(start_.epoch, *stage_.source, std::move(end));
  return {};
}

StepResult Task::step_inputs() {
  for (std::size_t tried = 0; tried < inputs_.size(); ++tried) {
    const std::size_t input = next_input_;
    next_input_ = (next_input_ + 1) % inputs_.size();
    std::deque<Arrived>& elements = inputs_[input].elements;
    if (elements.empty()) continue;
    auto [element, charge] = std::move(elements.front());
    elements.pop_front();
    if (auto* batch = std::get_if<Batch>(&element)) {
      const InputChannel& channel = node_.inputs[input];
      if (auto pushed = links_[0]->push_from(channel.place, std::move(*batch)); !pushed)
        return fail(std::move(pushed).error());
      give_back(input, charge);
    } else if (auto* start = std::get_if<EpochStart>(&element)) {
      if (phase_ == Phase::idle) {
        if (auto begun = begin(*start); !begun) return fail(std::move(begun).error());
      }
    } else if (++ends_seen_ == inputs_.size()) {
      // Every channel has delivered all of this epoch: operators are complete for it.
      phase_ = Phase::ending;
    }
    return StepResult::progressed;
  }
  return StepResult::blocked_on_input;
}

void Task::give_back(std::size_t input, std::int64_t charge) {
  std::int64_t& due = inputs_[input].not_granted;
  due += charge;
  if (due * kCreditParts < static_cast<std::int64_t>(options_.channel_bytes)) return;
  const InputChannel& channel = node_.inputs[input];
  peers_.grant(channel.from_task, channel.from_output, std::exchange(due, 0));
}

StepResult Task::step_end() {
  auto ended = end_operators();
  if (!ended) return fail(std::move(ended).error());
  if (!*ended) return StepResult::progressed;
  if (auto finished = finish_epoch(); !finished) return fail(std::move(finished).error());
  return StepResult::progressed;
}

Result<bool> Task::end_operators() {
  for (; ending_operator_ < operators_.size(); ++ending_operator_) {
    if (!is_due(stage_.operators[ending_operator_].slide_in)) continue;
    STREAM_TRY(const bool is_done,
               operators_[ending_operator_]->end(start_, *links_[ending_operator_ + 1]));
    if (!is_done) return false;
  }
  return true;
}

Result<void> Task::finish_epoch() {
  TaskDone done;
  done.epoch = start_.epoch;
  done.report.task = number_;
  EpochStatistics& statistics = done.report.statistics;
  statistics.source_rows.resize(plan_.sources.size());
  if (reader_) {
    statistics.source_rows[*stage_.source] = rows_read_;
    statistics.rejected_rows = reader_->num_rejected() - rejected_before_;
    rejected_before_ = reader_->num_rejected();
    done.rejects = reader_->take_rejects();
  }
  if (stage_.sink) {
    statistics.sink_rows.resize(plan_.sinks.size());
    statistics.sink_rows[*stage_.sink] = sink_rows_;
  }
  for (std::size_t i = 0; i < operators_.size(); ++i) {
    OperatorStatistics counts = counts_[i];
    const std::string& id = stage_.operators[i].id;
    if (is_due(stage_.operators[i].slide_in)) {
      const std::optional<EventTimes> times = operators_[i]->event_times();
      if (times && times->count > 0) statistics.event_times.push_back(*times);
    }
    if (operators_[i]->is_stateful()) {
      counts.is_stateful = true;
      const StateCounts state = operators_[i]->state_counts();
      counts.state_rows = state.rows;
      counts.state_rows_updated = state.updated;
      counts.state_rows_removed = state.removed;
      counts.state_bytes = state.bytes;
      counts.dropped_by_watermark = state.dropped_by_watermark;
      counts.dropped_duplicates = state.dropped_duplicates;
      if (start_.is_checkpoint && !options_.seals_state) {
        STREAM_TRY(operators_[i]->drop_changes());
      } else if (start_.is_checkpoint) {
        SealedState sealed{id, {}};
        STREAM_TRY(operators_[i]->seal(sealed.pieces));
        if (!sealed.pieces.empty()) done.state.push_back(std::move(sealed));
      }
    }
    statistics.operators.emplace(id, std::move(counts));
  }
  if (writer_) {
    if (is_due(stage_.sink_slide)) STREAM_TRY(writer_->end(start_.epoch));
    if (start_.is_checkpoint) {
      STREAM_TRY(std::string message, writer_->finish(start_.epoch));
      if (!message.empty())
        done.report.sink_messages.push_back({*stage_.sink, node_.index, std::move(message)});
    }
  }
  phase_ = Phase::idle;
  for (const OutputChannel& channel : node_.outputs)
    peers_.send(channel.to_task, channel.to_input, EpochEnd{start_.epoch});
  peers_.done(std::move(done));
  return {};
}

}  // namespace stream
