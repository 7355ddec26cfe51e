// Which epoch comes when: planning under the trigger, ticks, and the end of finite queries.
#include <libstream/control/epoch_coordinator.hpp>
#include <libstream/control/trigger_schedule.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace stream {

void EpochCoordinator::start_time_line(const RecoveredCheckpoint& recovered) {
  const Duration interval = options_.trigger.interval;
  zero_time_ = recovered.zero_time;
  last_batch_time_ = recovered.last_batch_time;
  if (zero_time_ == 0 && recovered.uncommitted) zero_time_ = recovered.uncommitted->zero_time;
  if (options_.trigger.kind == Trigger::Kind::interval) {
    STREAM_CHECK(interval.count() > 0, "an interval trigger needs an interval");
    if (zero_time_ == 0) zero_time_ = rebased_zero_time(now_, next_epoch_, interval);
    const bool is_interval_changed =
        last_batch_time_ != 0 && last_committed_ >= 0 &&
        last_batch_time_ != interval_batch_time(zero_time_, last_committed_, interval);
    if (is_interval_changed) {
      zero_time_ = rebased_zero_time(last_batch_time_, next_epoch_, interval);
    }
    return;
  }
  if (zero_time_ == 0) zero_time_ = floor_to_interval(now_, interval);
  if (last_batch_time_ == 0) last_batch_time_ = zero_time_;
}

void EpochCoordinator::advance(Commands& out) {
  if (phase_ != Phase::active) return;
  rescale_if_due(out);
  if (phase_ != Phase::active) return;
  start_next_epoch(out);
  report_if_caught_up(out);
  if (is_plan_due()) ask_plan(out);
  end_open_ranges_if_due(out);
  finish_if_nothing_left(out);
  schedule(out);
}

bool EpochCoordinator::may_open() const {
  for (std::size_t i = 0; i < options_.open_ranges.size(); ++i) {
    if (options_.open_ranges[i] && !is_source_ended_[i]) return true;
  }
  return false;
}

EpochMillis EpochCoordinator::batch_time_of_next() const {
  switch (options_.trigger.kind) {
    case Trigger::Kind::interval:
      return interval_batch_time(zero_time_, next_epoch_, options_.trigger.interval);
    case Trigger::Kind::manual:
      return last_batch_time_ + std::max<std::int64_t>(1, options_.trigger.interval.count());
    case Trigger::Kind::processing_time:
    case Trigger::Kind::available_now:
      return now_;
  }
  STREAM_UNREACHABLE("trigger kind");
}

/// Nothing has begun that must be over before another epoch.
bool EpochCoordinator::is_idle() const {
  return !running_ && queue_.empty() && (!committing_ || options_.overlaps_commits);
}

bool EpochCoordinator::is_plan_due() const {
  if (planning_ || is_finishing()) return false;
  switch (options_.trigger.kind) {
    case Trigger::Kind::interval:
      // An open range starts where the one before ends, so such epochs cannot be planned ahead;
      // they begin with their interval.
      if (may_open()) return is_idle();
      return queue_.size() < std::max<std::size_t>(1, options_.max_queued_epochs) &&
             batch_time_of_next() <= now_;
    case Trigger::Kind::processing_time:
      return is_idle() && now_ >= next_start_;
    case Trigger::Kind::available_now:
      return is_idle();
    case Trigger::Kind::manual:
      return is_idle() && (manual_epochs_ > 0 || is_catching_up());
  }
  STREAM_UNREACHABLE("trigger kind");
}

void EpochCoordinator::ask_plan(Commands& out) {
  planning_ = Planning{next_epoch_, batch_time_of_next(), now_, catch_up_request_};
  next_start_ = next_multiple(now_, options_.trigger.interval);
  out.push_back(PlanSources{planning_->epoch, planning_->batch_time, next_starts_});
}

/// A query of static sources alone: its input is read by one epoch.
bool EpochCoordinator::is_bounded() const {
  const auto& statics = options_.static_sources;
  return !statics.empty() && statics.size() == next_starts_.size() &&
         std::find(statics.begin(), statics.end(), false) == statics.end();
}

/// Can an epoch without rows emit or evict something that the last epoch made ready?
bool EpochCoordinator::is_state_of_age() const {
  if (!has_run_epoch_) return false;
  switch (options_.no_data_epochs) {
    case NoDataEpochs::never:
      return false;
    case NoDataEpochs::when_watermark_moves:
      return watermarks_.watermark() > last_watermark_;
    case NoDataEpochs::always:
      return watermarks_.watermark() > last_watermark_ || had_last_epoch_data_;
  }
  STREAM_UNREACHABLE("no-data epochs");
}

bool EpochCoordinator::runs_without_rows() const {
  if (is_state_of_age()) return true;
  if (next_epoch_ == 0 && options_.makes_empty_first_epoch) return true;
  switch (options_.trigger.kind) {
    case Trigger::Kind::interval:
      return true;
    case Trigger::Kind::manual:
      return manual_epochs_ > 0;
    case Trigger::Kind::processing_time:
      return options_.run_empty_epochs ||
             (options_.no_data_epochs == NoDataEpochs::always && has_run_epoch_);
    case Trigger::Kind::available_now:
      return false;
  }
  STREAM_UNREACHABLE("trigger kind");
}

void EpochCoordinator::take_plan(std::vector<std::optional<std::string>> ends) {
  STREAM_CHECK(ends.size() == next_starts_.size(), "planned " + std::to_string(ends.size()) +
                                                       " sources of " +
                                                       std::to_string(next_starts_.size()));
  const Planning planning = std::exchange(planning_, {}).value();
  watermarks_.pass_time(planning.batch_time);
  PlannedEpoch epoch;
  bool has_moved = false;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (is_source_ended_[i]) ends[i] = next_starts_[i];
    const bool is_open = !ends[i];
    has_moved |= is_open || *ends[i] != next_starts_[i];
    epoch.began_open.push_back(is_open);
    epoch.offsets.ranges.push_back({next_starts_[i], ends[i].value_or(""), is_open});
  }
  has_moved |= is_bounded() && !is_bounded_input_planned_;
  const bool is_still = !has_moved && !is_state_of_age();
  if (is_still && !options_.run_empty_epochs && options_.trigger.interval.count() == 0)
    next_start_ = now_ + kIdlePoll.count();
  if (!has_moved && !runs_without_rows()) {
    stand_still(planning.catch_up_request);
    return take_empty_plan();
  }
  is_bounded_input_planned_ = true;
  epoch.has_data = has_moved;
  epoch.catch_up_request = planning.catch_up_request;
  epoch.is_last_look = is_stopping_;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (ends[i]) next_starts_[i] = *ends[i];
  }
  epoch.offsets.epoch = next_epoch_++;
  epoch.offsets.batch_time = last_batch_time_ = planning.batch_time;
  epoch.offsets.zero_time = zero_time_;
  epoch.trigger_start = planning.asked_at;
  epoch.statistics.duration_millis["latestOffset"] =
      std::max<std::int64_t>(0, now_ - planning.asked_at);
  if (options_.trigger.kind == Trigger::Kind::manual && manual_epochs_ > 0) --manual_epochs_;
  queue_.push_back(std::move(epoch));
  if (is_still) stand_still(planning.catch_up_request);
}

void EpochCoordinator::take_empty_plan() {
  is_exhausted_ = options_.trigger.kind == Trigger::Kind::available_now;
  const bool is_checkpoint_due = options_.trigger.kind == Trigger::Kind::processing_time &&
                                 !committing_ && !since_commit_.empty() &&
                                 now_ - last_checkpoint_at_ >= options_.checkpoint_interval.count();
  if (is_checkpoint_due) push_final_checkpoint();
}

void EpochCoordinator::stand_still(std::int64_t request) {
  if (request <= seen_still_) return;
  seen_still_ = request;
  still_epoch_ = next_epoch_ - 1;
}

void EpochCoordinator::report_if_caught_up(Commands& out) {
  if (!is_waited_for() || committing_) return;
  const bool is_some_unfinished = (running_ && running_->plan.offsets.epoch <= still_epoch_) ||
                                  (!queue_.empty() && queue_.front().offsets.epoch <= still_epoch_);
  if (is_some_unfinished) return;
  if (!since_commit_.empty() && since_commit_.front().offsets.epoch <= still_epoch_) {
    if (running_ || !queue_.empty() || planning_) return;  // the next epoch is a checkpoint
    push_final_checkpoint();
    return start_next_epoch(out);
  }
  caught_up_ = seen_still_;
  out.push_back(CaughtUp{caught_up_});
}

EpochMillis EpochCoordinator::open_until(EpochMillis batch_time) const {
  const Duration interval = options_.trigger.interval;
  if (is_stopping_) return now_ + kOpenRangeSpan.count();
  switch (options_.trigger.kind) {
    case Trigger::Kind::interval:
      return batch_time;
    case Trigger::Kind::processing_time:
      if (interval.count() > 0) return next_multiple(now_, interval);
      return now_ + kOpenRangeSpan.count();
    case Trigger::Kind::manual:
      return now_ + kOpenRangeSpan.count();
    case Trigger::Kind::available_now:
      return std::numeric_limits<EpochMillis>::max();
  }
  STREAM_UNREACHABLE("trigger kind");
}

void EpochCoordinator::finish_if_nothing_left(Commands& out) {
  if (!is_finishing()) return;
  const bool is_late =
      is_stopping_ && options_.trigger.kind == Trigger::Kind::interval && now_ >= stop_deadline_;
  if (is_late) return stop({}, out);
  if (running_ || committing_ || !queue_.empty()) return;
  if (planning_) return;
  if (may_look_once_more()) {
    has_looked_once_more_ = true;
    return ask_plan(out);
  }
  if (since_commit_.empty()) return stop({}, out);
  push_final_checkpoint();
  start_next_epoch(out);
}

/// What the readers of open ranges hold when the query is to stop is read by one more epoch.
bool EpochCoordinator::may_look_once_more() const {
  return is_stopping_ && !has_looked_once_more_ && may_open() &&
         options_.trigger.kind != Trigger::Kind::manual;
}

/// An epoch without rows that makes what ran since the last commit survive.
void EpochCoordinator::push_final_checkpoint() {
  PlannedEpoch epoch;
  epoch.offsets.batch_time = batch_time_of_next();
  epoch.offsets.epoch = next_epoch_++;
  epoch.offsets.zero_time = zero_time_;
  epoch.is_checkpoint = true;
  epoch.trigger_start = now_;
  epoch.began_open.assign(next_starts_.size(), false);
  for (const std::string& start : next_starts_) {
    epoch.offsets.ranges.push_back({start, start, false});
  }
  queue_.push_back(std::move(epoch));
}

/// Between two epochs, when all that ran is committed. An epoch that has begun before runs under
/// the plan that it began with: sinks may have committed parts of it.
void EpochCoordinator::rescale_if_due(Commands& out) {
  if (!rescale_ || running_ || committing_ || is_finishing()) return;
  if (!queue_.empty() && queue_.front().is_checkpoint) return;
  if (!since_commit_.empty()) {
    // The next epoch is a checkpoint; where none is near, one without rows.
    if (queue_.empty() && !planning_) push_final_checkpoint();
    return;
  }
  if (planning_) next_start_ = now_;  // it is asked for again
  planning_.reset();
  options_.num_tasks = rescale_->num_tasks;
  rescale_under_way_ = rescale_->request;
  rescale_.reset();
  phase_ = Phase::restoring;
  out.push_back(RestoreTasks{last_committed_, ++attempt_, true});
}

std::optional<EpochMillis> EpochCoordinator::next_wish() const {
  std::optional<EpochMillis> wish;
  const auto wish_for = [&wish](EpochMillis at) { wish = wish ? std::min(*wish, at) : at; };
  const Trigger::Kind kind = options_.trigger.kind;
  if (is_stopping_ && kind == Trigger::Kind::interval) wish_for(stop_deadline_);
  if (running_ && running_->step == Step::running_tasks && !running_->is_end_asked &&
      has_open_range(running_->plan) && kind != Trigger::Kind::available_now) {
    wish_for(running_->plan.open_until);
  }
  if (is_finishing() || planning_) return wish;
  if (kind == Trigger::Kind::interval && !may_open() &&
      queue_.size() < std::max<std::size_t>(1, options_.max_queued_epochs)) {
    wish_for(batch_time_of_next());
  }
  if (kind == Trigger::Kind::processing_time && is_idle()) wish_for(next_start_);
  return wish;
}

void EpochCoordinator::schedule(Commands& out) {
  if (phase_ != Phase::active) return;
  const auto wish = next_wish();
  if (!wish || wish == scheduled_) return;
  scheduled_ = wish;
  out.push_back(ScheduleTick{*wish});
}

}  // namespace stream
