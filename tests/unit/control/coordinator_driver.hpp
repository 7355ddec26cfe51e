// Drives a coordinator by hand in tests: shows the commands of the last event, and answers the
// usual course of an epoch in one call.
#pragma once

#include <libstream/control/epoch_coordinator.hpp>
#include <tests/kit/catch.hpp>

#include <string>
#include <utility>
#include <vector>

namespace stream {

class CoordinatorDriver {
 public:
  explicit CoordinatorDriver(CoordinatorOptions options, std::vector<std::string> initial = {"0"})
      : num_tasks_(options.num_tasks), coordinator(std::move(options), std::move(initial)) {}

  /// Takes the commands of an event; earlier ones are forgotten.
  void operator()(Commands commands) { last = std::move(commands); }

  template <class T>
  const T* find() const {
    for (const Command& command : last) {
      if (const T* found = std::get_if<T>(&command)) return found;
    }
    return nullptr;
  }
  template <class T>
  const T& expect() const {
    const T* found = find<T>();
    if (found == nullptr) FAIL("the expected command did not come");
    return *found;
  }
  template <class T>
  bool has() const {
    return find<T>() != nullptr;
  }

  void start(EpochMillis now, const RecoveredCheckpoint& recovered = {}) {
    (*this)(coordinator.on_start(now, recovered));
  }
  void plan(EpochId epoch, EpochMillis now, const std::string& end) {
    (*this)(coordinator.on_offsets_planned(epoch, now, {end}));
  }
  void plan_open(EpochId epoch, EpochMillis now) {
    (*this)(coordinator.on_offsets_planned(epoch, now, {std::nullopt}));
  }
  /// All tasks answer; the commands of the last answer are kept.
  void finish_tasks(EpochId epoch, EpochMillis now) {
    for (TaskIndex task = 0; task < num_tasks_; ++task) {
      (*this)(coordinator.on_task_done(epoch, {task, {}, {{0, task, "m"}}}, now));
    }
  }
  /// From a begun epoch to its commit.
  void finish_epoch(EpochId epoch, EpochMillis now) {
    finish_tasks(epoch, now);
    if (has<WriteOffsets>()) (*this)(coordinator.on_offsets_written(epoch, now));
    if (has<CommitSinks>()) (*this)(coordinator.on_sinks_committed(epoch, now));
    if (has<WriteCommit>()) (*this)(coordinator.on_commit_written(epoch, now));
  }
  /// From the plan's answer to the commit.
  void run_epoch(EpochId epoch, EpochMillis now, const std::string& end) {
    plan(epoch, now, end);
    if (has<WriteOffsets>()) (*this)(coordinator.on_offsets_written(epoch, now));
    finish_epoch(epoch, now);
  }

 private:
  std::size_t num_tasks_;

 public:
  EpochCoordinator coordinator;
  Commands last;
};

inline CoordinatorOptions durable_options(Trigger trigger, std::size_t num_tasks = 1) {
  CoordinatorOptions options;
  options.trigger = trigger;
  options.num_tasks = num_tasks;
  options.durable = true;
  return options;
}

inline CoordinatorOptions open_options(Trigger trigger) {
  CoordinatorOptions options = durable_options(trigger);
  options.open_ranges = {true};
  return options;
}

}  // namespace stream
