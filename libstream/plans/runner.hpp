// What carries out a physical plan. execution/local_runner.hpp is one; actors/runner.hpp another.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/control/epoch_coordinator.hpp>
#include <libstream/control/progress.hpp>
#include <libstream/plans/physical_plan.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace stream {

struct QueryOptions {
  std::string name;
  Trigger trigger;
  /// Empty: nothing is written down; a failed query cannot be resumed.
  std::string checkpoint_directory;
  /// Zero: every epoch. Not given: likewise, but a second where the trigger is below 50 ms.
  std::optional<Duration> checkpoint_interval;
  bool run_empty_epochs = false;
  /// False: no epoch runs only because the watermark or the clock moved, whatever operators ask.
  bool no_data_epochs = true;
  std::uint32_t parallelism = 1;
  /// Not 0: rescaled to it as soon as what was begun with `parallelism` is committed.
  std::uint32_t rescale_to = 0;
  std::uint64_t seed = 0;                ///< local runner: order in which tasks step
  std::size_t batch_rows = 4096;         ///< upper bound of rows a batch
  std::size_t channel_bytes = 8u << 20;  ///< credit of one channel
  /// Tests: all tasks are thrown away and recovered from the last commit after every epoch.
  bool lose_tasks_after_every_epoch = false;
  /// Tests: after every epoch the query is rescaled to the next of these, around and around.
  std::vector<std::uint32_t> rescale_after_every_epoch;
  /// Receives records that a reader could not take (any thread); they are counted in any case.
  std::function<void(const Reject&)> on_reject;
  FileSystem* files = &local_file_system();
  Clock* clock = &system_clock();
  std::vector<std::shared_ptr<QueryListener>> listeners;
};

/// A started query. All calls are thread-safe.
class RunningQuery {
 public:
  virtual ~RunningQuery() = default;  ///< stops, not gracefully
  virtual const std::string& id() const = 0;
  virtual const std::string& run_id() const = 0;
  /// Graceful: what was received is processed first. Returns when the query has ended.
  virtual void stop(bool gracefully) = 0;
  /// False when `timeout` passed first; an error when the query ended with one.
  virtual Result<bool> await_termination(std::optional<Duration> timeout) = 0;
  virtual bool is_active() const = 0;
  virtual std::optional<QueryProgress> last_progress() const = 0;
  /// Manual trigger: runs that many epochs and returns when they are committed.
  virtual Result<void> run_epochs(std::size_t epochs) = 0;
  /// Returns when all that the sources have now, and the no-data epochs that follow, are committed,
  /// or the query has ended; the query's error if it ended with one. Time triggers keep to their
  /// times; with the manual trigger as many epochs run as it takes, none when there is nothing to
  /// do. Sources with open ranges are asked until an epoch without rows.
  virtual Result<void> process_all_available() = 0;
  /// Changes the parallelism between two epochs, which costs a pause: all tasks are made anew, with
  /// the state of their key groups. Returns when they run. Error: out of bounds, or the query has
  /// state and no checkpoint directory to carry it, or a source that cannot read again what its
  /// tasks hold; the query then goes on as it was.
  virtual Result<void> rescale(std::uint32_t parallelism) = 0;
};

class Runner {
 public:
  virtual ~Runner() = default;
  virtual Result<std::unique_ptr<RunningQuery>> start(PhysicalPlan plan, QueryOptions options) = 0;
};

}  // namespace stream
