#include <libstream/control/epoch_coordinator.hpp>
#include <libstream/control/trigger_schedule.hpp>

#include <algorithm>
#include <utility>

namespace stream {

EpochCoordinator::EpochCoordinator(CoordinatorOptions options,
                                   std::vector<std::string> initial_offsets)
    : options_(std::move(options)),
      committed_ends_(initial_offsets),
      next_starts_(std::move(initial_offsets)),
      is_source_ended_(next_starts_.size(), false),
      watermarks_(options_.watermark_delays, options_.watermark_policy,
                  options_.idle_timeout_millis) {}

RecoveredCheckpoint RecoveredCheckpoint::of(const std::optional<EpochCommit>& last_commit,
                                            std::optional<EpochOffsets> uncommitted_offsets) {
  RecoveredCheckpoint recovered;
  if (last_commit) {
    recovered.last_committed = last_commit->epoch;
    recovered.committed_ends = last_commit->ends;
    recovered.zero_time = last_commit->zero_time;
    recovered.last_batch_time = last_commit->batch_time;
    recovered.last_watermark = last_commit->watermark;
    recovered.next_watermark = last_commit->next_watermark;
    recovered.watermark_policy = last_commit->watermark_policy;
    recovered.sink_messages = last_commit->sink_messages;
  } else if (uncommitted_offsets) {
    recovered.zero_time = uncommitted_offsets->zero_time;
    recovered.watermark_policy = uncommitted_offsets->watermark_policy;
  }
  recovered.uncommitted = std::move(uncommitted_offsets);
  return recovered;
}

EpochId EpochCoordinator::running_epoch() const {
  return running_ ? running_->plan.offsets.epoch : -1;
}

bool EpochCoordinator::is_of_this_attempt(std::optional<std::int64_t> attempt) const {
  return !attempt || *attempt == attempt_;
}

bool EpochCoordinator::is_running(EpochId epoch, Step step) const {
  return phase_ == Phase::active && running_ && running_->plan.offsets.epoch == epoch &&
         running_->step == step;
}

bool EpochCoordinator::is_committing(EpochId epoch, Step step) const {
  return phase_ == Phase::active && committing_ && committing_->plan.offsets.epoch == epoch &&
         committing_->step == step;
}

// ---- life ----

Commands EpochCoordinator::on_start(EpochMillis now, const RecoveredCheckpoint& recovered) {
  STREAM_CHECK(phase_ == Phase::created, "a coordinator starts once");
  Commands out;
  now_ = next_start_ = last_checkpoint_at_ = now;
  last_committed_ = recovered.last_committed;
  next_epoch_ = last_committed_ + 1;
  if (last_committed_ >= 0) {
    STREAM_CHECK(recovered.committed_ends.size() == next_starts_.size(),
                 "the checkpoint has " + std::to_string(recovered.committed_ends.size()) +
                     " sources, the query " + std::to_string(next_starts_.size()));
    committed_ends_ = next_starts_ = recovered.committed_ends;
  }
  start_time_line(recovered);
  last_watermark_ = recovered.last_watermark;
  watermarks_.restore(recovered.next_watermark,
                      recovered.watermark_policy.value_or(options_.watermark_policy));
  if (recovered.uncommitted && recovered.uncommitted->epoch > last_committed_) {
    queue_.push_back(recovered_epoch(*recovered.uncommitted));
  }
  if (last_committed_ >= 0) {
    phase_ = Phase::restoring;
    out.push_back(RestoreTasks{last_committed_, attempt_});
    return out;
  }
  phase_ = Phase::active;
  advance(out);
  return out;
}

EpochCoordinator::PlannedEpoch EpochCoordinator::recovered_epoch(EpochOffsets offsets) {
  STREAM_CHECK(offsets.ranges.size() == next_starts_.size(), "offsets of another query");
  PlannedEpoch epoch;
  epoch.is_checkpoint = true;
  epoch.are_watermarks_known = true;
  epoch.late_watermark = last_watermark_;
  watermarks_.restore(offsets.watermark, watermarks_.policy());
  is_bounded_input_planned_ = true;
  epoch.are_offsets_requested = epoch.are_offsets_written = true;
  epoch.trigger_start = now_;
  epoch.began_open.assign(offsets.ranges.size(), false);
  for (std::size_t i = 0; i < offsets.ranges.size(); ++i) {
    offsets.ranges[i].is_open = false;
    next_starts_[i] = offsets.ranges[i].end;
    epoch.has_data |= offsets.ranges[i].start != offsets.ranges[i].end;
  }
  next_epoch_ = offsets.epoch + 1;
  last_batch_time_ = offsets.batch_time;
  epoch.offsets = std::move(offsets);
  return epoch;
}

Commands EpochCoordinator::on_tick(EpochMillis now) {
  Commands out;
  now_ = now;
  scheduled_.reset();
  if (phase_ == Phase::restoring) restore_if_due(out);
  advance(out);
  return out;
}

Commands EpochCoordinator::on_run_epochs(std::size_t epochs, EpochMillis now) {
  Commands out;
  now_ = now;
  if (!is_stopping_) manual_epochs_ += epochs;
  advance(out);
  return out;
}

Commands EpochCoordinator::on_catch_up(std::int64_t request, EpochMillis now) {
  Commands out;
  now_ = now;
  catch_up_request_ = std::max(catch_up_request_, request);
  if (options_.trigger.interval.count() == 0) next_start_ = now;
  advance(out);
  return out;
}

Commands EpochCoordinator::on_rescale(std::int64_t request, std::size_t num_tasks,
                                      EpochMillis now) {
  Commands out;
  if (phase_ == Phase::stopped) return out;
  now_ = now;
  rescale_ = Rescale{request, num_tasks};
  advance(out);
  return out;
}

Commands EpochCoordinator::on_rows_available(EpochMillis now) {
  Commands out;
  now_ = now;
  if (options_.trigger.interval.count() == 0) next_start_ = now;
  advance(out);
  return out;
}

Commands EpochCoordinator::on_stop(bool gracefully, EpochMillis now) {
  Commands out;
  if (phase_ == Phase::stopped) return out;
  now_ = now;
  if (!gracefully || phase_ == Phase::created) {
    stop({}, out);
    return out;
  }
  if (!is_stopping_)
    stop_deadline_ = now + kGracefulStopIntervals * options_.trigger.interval.count();
  is_stopping_ = true;
  planning_.reset();
  advance(out);
  return out;
}

void EpochCoordinator::stop(std::optional<Error> error, Commands& out) {
  phase_ = Phase::stopped;
  running_.reset();
  committing_.reset();
  out.push_back(Stopped{std::move(error)});
}

// ---- answers ----

Commands EpochCoordinator::on_offsets_planned(EpochId epoch, EpochMillis now,
                                              std::vector<std::optional<std::string>> ends) {
  Commands out;
  if (phase_ == Phase::stopped) return out;
  now_ = now;
  if (!planning_ || planning_->epoch != epoch) return out;
  take_plan(std::move(ends));
  advance(out);
  return out;
}

Commands EpochCoordinator::on_offsets_written(EpochId epoch, std::optional<EpochMillis> now) {
  Commands out;
  if (phase_ == Phase::stopped) return out;
  now_ = now.value_or(now_);
  // True whatever happened since: the entry exists, so it must not be asked for again.
  for (PlannedEpoch& planned : queue_) {
    if (planned.offsets.epoch == epoch && planned.is_checkpoint.value_or(false)) {
      planned.are_offsets_requested = planned.are_offsets_written = true;
    }
  }
  const bool is_before_tasks = is_running(epoch, Step::writing_offsets);
  if (is_before_tasks || is_committing(epoch, Step::writing_ends)) {
    RunningEpoch& written = is_before_tasks ? *running_ : *committing_;
    written.plan.are_offsets_written = true;
    measure(written, "walCommit");
    if (is_restore_due_) {
      restore(lost_tasks(), 0, out);
    } else if (is_before_tasks) {
      begin_tasks(out);
    } else {
      commit_sinks(out);
    }
  }
  advance(out);
  return out;
}

Commands EpochCoordinator::on_open_range_ended(EpochId epoch, std::size_t source, std::string end,
                                               std::optional<std::int64_t> attempt) {
  Commands out;
  if (!is_of_this_attempt(attempt) || !is_running(epoch, Step::running_tasks)) return out;
  STREAM_CHECK(source < next_starts_.size(), "no source " + std::to_string(source));
  SourceRange& range = running_->plan.offsets.ranges[source];
  if (!range.is_open) return out;
  range.end = std::move(end);
  range.is_open = false;
  if (options_.trigger.kind == Trigger::Kind::available_now) is_source_ended_[source] = true;
  finish_tasks_if_all_done(out);
  advance(out);
  return out;
}

Commands EpochCoordinator::on_task_done(EpochId epoch, TaskReport report, EpochMillis now,
                                        std::optional<std::int64_t> attempt) {
  Commands out;
  if (phase_ == Phase::stopped) return out;
  now_ = now;
  if (!is_of_this_attempt(attempt) || !is_running(epoch, Step::running_tasks)) return out;
  if (report.task >= options_.num_tasks || !running_->done.insert(report.task).second) return out;
  running_->statistics.add(report.statistics);
  for (SinkMessage& message : report.sink_messages) {
    running_->messages.push_back(std::move(message));
  }
  finish_tasks_if_all_done(out);
  advance(out);
  return out;
}

Commands EpochCoordinator::on_sinks_committed(EpochId epoch, std::optional<EpochMillis> now,
                                              std::optional<std::int64_t> attempt) {
  Commands out;
  if (phase_ == Phase::stopped) return out;
  now_ = now.value_or(now_);
  if (!is_of_this_attempt(attempt) || !is_committing(epoch, Step::committing_sinks)) return out;
  if (now) measure(*committing_, "commitBatch");
  if (options_.durable) {
    write_commit(out);
  } else {
    finish_commit(std::exchange(committing_, {}).value(), out);
  }
  advance(out);
  return out;
}

Commands EpochCoordinator::on_commit_written(EpochId epoch, EpochMillis now) {
  Commands out;
  if (phase_ == Phase::stopped) return out;
  now_ = now;
  if (is_committing(epoch, Step::writing_commit)) {
    measure(*committing_, "commitOffsets");
    finish_commit(std::exchange(committing_, {}).value(), out);
    if (is_restore_due_) restore(lost_tasks(), 0, out);
  } else if (unconfirmed_ && unconfirmed_->plan.offsets.epoch == epoch) {
    accept_late_commit(out);
  }
  advance(out);
  return out;
}

// ---- failures ----

bool EpochCoordinator::is_store_writing() const {
  return (running_ && running_->step == Step::writing_offsets) ||
         (committing_ && committing_->step != Step::committing_sinks);
}

Error EpochCoordinator::lost_tasks() const {
  return transient(
      "tasks were lost " + std::to_string(options_.max_restores + 1) +
      " times without a committed epoch between; look at the nodes' logs, then start the "
      "query again");
}

Commands EpochCoordinator::on_tasks_lost(EpochMillis now) {
  Commands out;
  if (phase_ == Phase::stopped) return out;
  now_ = now;
  if (phase_ == Phase::created) return out;
  if (is_store_writing()) {
    // What the store does now stands whatever becomes of the tasks, so its answer comes first.
    is_restore_due_ = true;
    return out;
  }
  restore(lost_tasks(), 0, out);
  return out;
}

Commands EpochCoordinator::on_failure(Error error, EpochMillis now) {
  Commands out;
  if (phase_ == Phase::stopped) return out;
  now_ = now;
  if (error.error_class() != ErrorClass::transient || phase_ == Phase::created) {
    stop(std::move(error), out);
    return out;
  }
  // Which command failed is not known, so none is waited for any more.
  if (running_) running_->plan.are_offsets_requested = running_->plan.are_offsets_written;
  if (committing_) {
    if (committing_->step == Step::writing_commit) unconfirmed_ = committing_;
    committing_->plan.are_offsets_requested = committing_->plan.are_offsets_written;
  }
  for (PlannedEpoch& planned : queue_) planned.are_offsets_requested = planned.are_offsets_written;
  restore(std::move(error), delay_after_failure(), out);
  return out;
}

EpochMillis EpochCoordinator::delay_after_failure() const {
  if (restores_ == 0) return 0;
  EpochMillis delay = options_.restore_delay.count();
  for (int i = 1; i < restores_ && delay < options_.max_restore_delay.count(); ++i) delay *= 2;
  return std::min<EpochMillis>(delay, options_.max_restore_delay.count());
}

void EpochCoordinator::restore(Error reason, EpochMillis delay, Commands& out) {
  is_restore_due_ = false;
  if (++restores_ > options_.max_restores) {
    stop(std::move(reason).with_context("no epoch was committed between " +
                                        std::to_string(restores_) + " failures"),
         out);
    return;
  }
  if (auto lost = lost_open_rows()) {
    stop(std::move(lost), out);
    return;
  }
  planning_.reset();
  requeue_unfinished();
  phase_ = Phase::restoring;
  ++attempt_;
  restore_at_ = now_ + delay;
  restore_if_due(out);
}

void EpochCoordinator::restore_if_due(Commands& out) {
  if (!restore_at_) return;
  if (now_ < *restore_at_) {
    scheduled_ = restore_at_;
    out.push_back(ScheduleTick{*restore_at_});
    return;
  }
  restore_at_.reset();
  out.push_back(RestoreTasks{last_committed_, attempt_});
}

std::optional<Error> EpochCoordinator::lost_open_rows() const {
  if (options_.durable) return {};
  const auto lost_in = [](const PlannedEpoch& epoch) -> std::optional<Error> {
    for (std::size_t i = 0; i < epoch.offsets.ranges.size(); ++i) {
      const SourceRange& range = epoch.offsets.ranges[i];
      if (!epoch.began_open[i] || (!range.is_open && range.start == range.end)) continue;
      return fatal("rows of source " + std::to_string(i) + " in epoch " +
                   std::to_string(epoch.offsets.epoch) +
                   " are gone with the tasks that held them; give the query a checkpoint "
                   "directory, which keeps what such a source received");
    }
    return {};
  };
  for (const PlannedEpoch& epoch : since_commit_) {
    if (auto lost = lost_in(epoch)) return lost;
  }
  for (const RunningEpoch& epoch : beside_commit_) {
    if (auto lost = lost_in(epoch.plan)) return lost;
  }
  if (committing_) {
    if (auto lost = lost_in(committing_->plan)) return lost;
  }
  return running_ ? lost_in(running_->plan) : std::nullopt;
}

void EpochCoordinator::requeue_unfinished() {
  if (running_) queue_.push_front(std::exchange(running_, {})->plan);
  while (!beside_commit_.empty()) {
    queue_.push_front(std::move(beside_commit_.back().plan));
    beside_commit_.pop_back();
  }
  if (committing_) queue_.push_front(std::exchange(committing_, {})->plan);
  while (!since_commit_.empty()) {
    queue_.push_front(std::move(since_commit_.back()));
    since_commit_.pop_back();
  }
}

Commands EpochCoordinator::on_tasks_restored(EpochMillis now, std::optional<std::int64_t> attempt) {
  Commands out;
  if (phase_ != Phase::restoring || restore_at_ || !is_of_this_attempt(attempt)) return out;
  now_ = now;
  phase_ = Phase::active;
  next_start_ = now;  // what came meanwhile does not wait for the next interval, as after a start
  if (rescale_under_way_ > 0) out.push_back(Rescaled{std::exchange(rescale_under_way_, 0)});
  advance(out);
  return out;
}

void EpochCoordinator::accept_late_commit(Commands& out) {
  RunningEpoch committed = std::exchange(unconfirmed_, {}).value();
  const EpochId epoch = committed.plan.offsets.epoch;
  requeue_unfinished();
  while (!queue_.empty() && queue_.front().offsets.epoch <= epoch) queue_.pop_front();
  finish_commit(std::move(committed), out);
  // The tasks were restored to an earlier commit, or are about to be.
  phase_ = Phase::restoring;
  restore_at_.reset();
  out.push_back(RestoreTasks{last_committed_, ++attempt_});
}

}  // namespace stream
