// One epoch from its start to its commit.
#include <libstream/control/epoch_coordinator.hpp>

#include <algorithm>
#include <utility>

namespace stream {

bool EpochCoordinator::has_open_range(const PlannedEpoch& epoch) {
  return std::any_of(epoch.offsets.ranges.begin(), epoch.offsets.ranges.end(),
                     [](const SourceRange& range) { return range.is_open; });
}

void EpochCoordinator::measure(const char* key) {
  running_->statistics.duration_millis[key] +=
      std::max<std::int64_t>(0, now_ - running_->step_start);
  running_->step_start = now_;
}

void EpochCoordinator::start_next_epoch(Commands& out) {
  if (running_ || queue_.empty()) return;
  running_.emplace();
  RunningEpoch& epoch = *running_;
  epoch.plan = std::move(queue_.front());
  queue_.pop_front();
  epoch.statistics = epoch.plan.statistics;
  epoch.step_start = now_;
  if (!epoch.plan.are_watermarks_known) fix_watermarks(epoch.plan);
  if (!epoch.plan.is_checkpoint) {
    const bool is_last = is_finishing() && queue_.empty();
    epoch.plan.is_checkpoint = is_last || is_waited_for() || rescale_.has_value() ||
                               now_ - last_checkpoint_at_ >= options_.checkpoint_interval.count() ||
                               options_.checkpoint_interval.count() == 0;
  }
  const bool needs_offsets = options_.durable && *epoch.plan.is_checkpoint &&
                             !has_open_range(epoch.plan) && !epoch.plan.are_offsets_written;
  if (!needs_offsets) return begin_tasks(out);
  epoch.step = Step::writing_offsets;
  request_offsets(out);
}

void EpochCoordinator::fix_watermarks(PlannedEpoch& epoch) const {
  epoch.are_watermarks_known = true;
  epoch.late_watermark = last_watermark_;
  epoch.offsets.watermark = watermarks_.watermark();
  epoch.offsets.watermark_policy = watermarks_.policy();
}

void EpochCoordinator::request_offsets(Commands& out) {
  if (std::exchange(running_->plan.are_offsets_requested, true)) return;
  EpochOffsets offsets = running_->plan.offsets;
  // A restart knows nothing of the epochs in memory: its re-run covers them too.
  for (std::size_t i = 0; i < offsets.ranges.size(); ++i) {
    offsets.ranges[i].start = committed_ends_[i];
  }
  out.push_back(WriteOffsets{std::move(offsets)});
}

void EpochCoordinator::begin_tasks(Commands& out) {
  RunningEpoch& epoch = *running_;
  epoch.step = Step::running_tasks;
  epoch.step_start = now_;
  epoch.plan.open_until = open_until(epoch.plan.offsets.batch_time);
  out.push_back(BeginEpoch{epoch.plan.offsets, *epoch.plan.is_checkpoint, epoch.plan.late_watermark,
                           attempt_});
}

void EpochCoordinator::end_open_ranges_if_due(Commands& out) {
  if (!running_ || running_->step != Step::running_tasks || running_->is_end_asked) return;
  if (!has_open_range(running_->plan)) return;
  const bool is_cut_short = is_stopping_ && !running_->plan.is_last_look;
  if (!is_cut_short && now_ < running_->plan.open_until) return;
  running_->is_end_asked = true;
  out.push_back(EndOpenRanges{running_->plan.offsets.epoch, attempt_});
}

void EpochCoordinator::finish_tasks_if_all_done(Commands& out) {
  RunningEpoch& epoch = *running_;
  if (epoch.done.size() < options_.num_tasks || has_open_range(epoch.plan)) return;
  measure("addBatch");
  if (!*epoch.plan.is_checkpoint) {
    finish_epoch(std::exchange(running_, {}).value(), out);
  } else if (options_.durable && !epoch.plan.are_offsets_written) {
    epoch.step = Step::writing_open_ends;
    request_offsets(out);
  } else {
    commit_sinks(out);
  }
}

void EpochCoordinator::commit_sinks(Commands& out) {
  running_->step = Step::committing_sinks;
  out.push_back(CommitSinks{running_->plan.offsets.epoch, running_->messages, attempt_});
}

void EpochCoordinator::write_commit(Commands& out) {
  RunningEpoch& epoch = *running_;
  epoch.step = Step::writing_commit;
  EpochCommit commit;
  commit.epoch = epoch.plan.offsets.epoch;
  commit.batch_time = epoch.plan.offsets.batch_time;
  commit.zero_time = epoch.plan.offsets.zero_time;
  for (const SourceRange& range : epoch.plan.offsets.ranges) commit.ends.push_back(range.end);
  commit.sink_messages = std::move(epoch.messages);
  WatermarkTracker next = watermarks_;
  next.observe(epoch.statistics.event_times, epoch.plan.offsets.batch_time);
  commit.watermark = epoch.plan.offsets.watermark;
  commit.next_watermark = next.watermark();
  commit.watermark_policy = next.policy();
  out.push_back(WriteCommit{std::move(commit)});
}

void EpochCoordinator::finish_epoch(RunningEpoch epoch, Commands& out) {
  const EpochOffsets& offsets = epoch.plan.offsets;
  const bool is_checkpoint = *epoch.plan.is_checkpoint;
  std::vector<std::string> ends;
  bool was_open = false, has_moved = false;
  for (std::size_t i = 0; i < offsets.ranges.size(); ++i) {
    ends.push_back(offsets.ranges[i].end);
    was_open |= epoch.plan.began_open[i];
    has_moved |= offsets.ranges[i].start != offsets.ranges[i].end;
    if (epoch.plan.began_open[i]) next_starts_[i] = offsets.ranges[i].end;
  }
  watermarks_.observe(epoch.statistics.event_times, offsets.batch_time);
  last_watermark_ = offsets.watermark;
  has_run_epoch_ = true;
  had_last_epoch_data_ = was_open ? has_moved : epoch.plan.has_data;
  // Whether open ranges stand still is known only now.
  if (was_open && !has_moved && !is_state_of_age()) stand_still(epoch.plan.catch_up_request);
  epoch.statistics.duration_millis["triggerExecution"] =
      std::max<std::int64_t>(0, now_ - epoch.plan.trigger_start);
  const EpochId number = offsets.epoch;
  const EpochMillis watermark = offsets.watermark;
  if (is_checkpoint) {
    last_committed_ = number;
    committed_ends_ = ends;
    last_checkpoint_at_ = now_;
    restores_ = 0;
    since_commit_.clear();
    unconfirmed_.reset();
  } else {
    since_commit_.push_back(std::move(epoch.plan));
  }
  out.push_back(EpochCommitted{number, is_checkpoint, std::move(ends), std::move(epoch.statistics),
                               watermark});
}

}  // namespace stream
