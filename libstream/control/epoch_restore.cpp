// Failures and lost tasks: what is restored, when, and which epochs run again.
#include <libstream/control/epoch_coordinator.hpp>

#include <algorithm>
#include <utility>

namespace stream {

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
