// One epoch from its start to its commit.
#include <libstream/control/epoch_coordinator.hpp>

#include <algorithm>
#include <utility>

namespace stream {

bool EpochCoordinator::has_open_range(const PlannedEpoch& epoch) {
  return std::any_of(epoch.offsets.ranges.begin(), epoch.offsets.ranges.end(),
                     [](const SourceRange& range) { return range.is_open; });
}

void EpochCoordinator::measure(RunningEpoch& epoch, const char* key) const {
  epoch.statistics.duration_millis[key] += std::max<std::int64_t>(0, now_ - epoch.step_start);
  epoch.step_start = now_;
}

/// Beside a commit under way only an epoch that is no checkpoint.
bool EpochCoordinator::may_start(const PlannedEpoch& epoch) const {
  if (running_ || is_restore_due_) return false;
  if (!committing_) return true;
  return options_.overlaps_commits && !epoch.is_checkpoint.value_or(false) && !is_finishing() &&
         !is_waited_for() && !rescale_;
}

void EpochCoordinator::start_next_epoch(Commands& out) {
  if (queue_.empty() || !may_start(queue_.front())) return;
  running_.emplace();
  RunningEpoch& epoch = *running_;
  epoch.plan = std::move(queue_.front());
  queue_.pop_front();
  epoch.statistics = epoch.plan.statistics;
  epoch.step_start = now_;
  if (!epoch.plan.are_watermarks_known) fix_watermarks(epoch.plan);
  if (!epoch.plan.is_checkpoint) {
    const bool is_last = is_finishing() && queue_.empty();
    const bool is_due = now_ - last_checkpoint_at_ >= options_.checkpoint_interval.count() ||
                        options_.checkpoint_interval.count() == 0;
    epoch.plan.is_checkpoint =
        !committing_ && (is_last || is_waited_for() || rescale_.has_value() || is_due);
  }
  const bool needs_offsets = options_.durable && *epoch.plan.is_checkpoint &&
                             !options_.overlaps_commits && !has_open_range(epoch.plan) &&
                             !epoch.plan.are_offsets_written;
  if (!needs_offsets) return begin_tasks(out);
  epoch.step = Step::writing_offsets;
  request_offsets(epoch.plan, out);
}

void EpochCoordinator::fix_watermarks(PlannedEpoch& epoch) const {
  epoch.are_watermarks_known = true;
  epoch.late_watermark = last_watermark_;
  epoch.offsets.watermark = watermarks_.watermark();
  epoch.offsets.watermark_policy = watermarks_.policy();
}

void EpochCoordinator::request_offsets(PlannedEpoch& epoch, Commands& out) const {
  if (std::exchange(epoch.are_offsets_requested, true)) return;
  EpochOffsets offsets = epoch.offsets;
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
  if (running_->done.size() < options_.num_tasks || has_open_range(running_->plan)) return;
  RunningEpoch epoch = std::exchange(running_, {}).value();
  measure(epoch, "addBatch");
  take_effect(epoch);
  if (*epoch.plan.is_checkpoint) {
    committing_ = std::move(epoch);
    if (!options_.durable || committing_->plan.are_offsets_written) return commit_sinks(out);
    committing_->step = Step::writing_ends;
    return request_offsets(committing_->plan, out);
  }
  // Listeners hear of epochs in their order.
  if (committing_) {
    beside_commit_.push_back(std::move(epoch));
  } else {
    finish_epoch(std::move(epoch), out);
  }
}

/// What the epoch's rows mean for those after it. An epoch that runs again takes effect again.
void EpochCoordinator::take_effect(RunningEpoch& epoch) {
  const EpochOffsets& offsets = epoch.plan.offsets;
  bool was_open = false, has_moved = false;
  for (std::size_t i = 0; i < offsets.ranges.size(); ++i) {
    was_open |= epoch.plan.began_open[i];
    has_moved |= offsets.ranges[i].start != offsets.ranges[i].end;
    if (epoch.plan.began_open[i]) next_starts_[i] = offsets.ranges[i].end;
  }
  watermarks_.observe(epoch.statistics.event_times, offsets.batch_time);
  if (!epoch.plan.next_watermark) epoch.plan.next_watermark = watermarks_.watermark();
  last_watermark_ = offsets.watermark;
  has_run_epoch_ = true;
  had_last_epoch_data_ = was_open ? has_moved : epoch.plan.has_data;
  // Whether open ranges stand still is known only now.
  if (was_open && !has_moved && !is_state_of_age()) stand_still(epoch.plan.catch_up_request);
}

void EpochCoordinator::commit_sinks(Commands& out) {
  committing_->step = Step::committing_sinks;
  out.push_back(CommitSinks{committing_->plan.offsets.epoch, committing_->messages, attempt_});
}

void EpochCoordinator::write_commit(Commands& out) {
  RunningEpoch& epoch = *committing_;
  epoch.step = Step::writing_commit;
  EpochCommit commit;
  commit.epoch = epoch.plan.offsets.epoch;
  commit.batch_time = epoch.plan.offsets.batch_time;
  commit.zero_time = epoch.plan.offsets.zero_time;
  for (const SourceRange& range : epoch.plan.offsets.ranges) commit.ends.push_back(range.end);
  commit.sink_messages = std::move(epoch.messages);
  commit.watermark = epoch.plan.offsets.watermark;
  commit.next_watermark = epoch.plan.next_watermark.value();
  commit.watermark_policy = watermarks_.policy();
  out.push_back(WriteCommit{std::move(commit)});
}

void EpochCoordinator::finish_commit(RunningEpoch epoch, Commands& out) {
  finish_epoch(std::move(epoch), out);
  for (RunningEpoch& later : std::exchange(beside_commit_, {})) finish_epoch(std::move(later), out);
}

void EpochCoordinator::finish_epoch(RunningEpoch epoch, Commands& out) {
  const EpochOffsets& offsets = epoch.plan.offsets;
  const bool is_checkpoint = *epoch.plan.is_checkpoint;
  std::vector<std::string> ends;
  for (const SourceRange& range : offsets.ranges) ends.push_back(range.end);
  // One beside a commit was over before it is told of.
  const EpochMillis over_at = is_checkpoint ? now_ : epoch.step_start;
  epoch.statistics.duration_millis["triggerExecution"] =
      std::max<std::int64_t>(0, over_at - epoch.plan.trigger_start);
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
