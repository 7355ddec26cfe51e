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

}  // namespace stream
