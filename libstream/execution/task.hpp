// One parallel instance of a chain: input gate -> operators -> router or sink. A task has no
// thread, no lock and no clock of its own: a shell (local runner, actor) delivers elements and
// calls step; the task answers through TaskPeers. One thread at a time.
//
// Life: construct, open (restoring state), then for each epoch: begin_epoch (source tasks) or
// elements from every input channel, until EpochDone is reported.
#pragma once

#include <libstream/connectors/bad_records.hpp>
#include <libstream/control/epoch_records.hpp>
#include <libstream/execution/router.hpp>
#include <libstream/execution/split_queue.hpp>
#include <libstream/execution/task_graph.hpp>
#include <libstream/plans/physical_plan.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <variant>
#include <vector>

namespace stream {

struct EpochEnd {
  EpochId epoch = 0;
};

/// What travels on a channel, in order.
using Element = std::variant<EpochStart, Batch, EpochEnd>;

/// Sealed state of one operator of one task.
struct SealedState {
  std::string operator_id;
  std::vector<StatePiece> pieces;
};

struct TaskDone {
  EpochId epoch = 0;
  TaskReport report;
  std::vector<SealedState> state;
  std::vector<StateFile> files;  ///< what was sealed, where the task's node has written it already
  std::vector<Reject> rejects;
};

/// The outside of a task. Calls come from within the task's own methods.
class TaskPeers {
 public:
  virtual ~TaskPeers() = default;
  virtual void send(std::uint32_t to_task, std::uint32_t to_input, Element element) = 0;
  /// Gives credit back to the sender of an input channel.
  virtual void grant(std::uint32_t to_task, std::uint32_t to_output, std::int64_t bytes) = 0;
  virtual void done(TaskDone done) = 0;
  /// The answer to commit_epoch.
  virtual void committed(EpochId epoch) = 0;
  /// The open range of source `source` ended, told to or at the end of its input.
  virtual void open_range_ended(EpochId epoch, std::uint32_t source, std::string end) = 0;
  virtual void failed(Error error) = 0;
};

struct TaskOptions {
  FileSystem* files = nullptr;       ///< of readers
  FileSystem* sink_files = nullptr;  ///< of writers
  Clock* clock = nullptr;
  std::string query_id;
  std::int64_t term = 0;
  SinkHistory sink_history;
  bool seals_state = true;  ///< false: nothing could take it, the query has no checkpoint
  std::size_t batch_rows = 4096;
  std::size_t channel_bytes = 8u << 20;
  std::function<void()> wake;  ///< thread-safe: step this task again
};

enum class StepResult { progressed, blocked_on_input, blocked_on_credit, failed };

class Task {
 public:
  Task(const PhysicalPlan& plan, const TaskNode& node, std::uint32_t number, TaskOptions options,
       TaskPeers& peers);
  ~Task();

  /// Makes and opens operators, reader and writer, and restores their state.
  Result<void> open(const std::vector<SealedState>& restored);

  // From peers and coordinator.
  void deliver(std::uint32_t input, Element element);
  /// Of a batch from another node: its sender charged `charge`, which is given back for it.
  void deliver(std::uint32_t input, Element element, std::int64_t charge);
  void grant(std::uint32_t output, std::int64_t bytes);
  void begin_epoch(const EpochStart& start, DealtSplits splits);
  void end_open_range();
  /// Of a marker sink's task: makes the epoch that it finished visible.
  void commit_epoch(EpochId epoch);

  /// A bounded piece of work: about one batch.
  StepResult step();

  bool is_source() const { return reader_ != nullptr; }

 private:
  class ChainLink;

  StepResult step_source();
  StepResult step_inputs();
  StepResult step_end();
  void give_back(std::size_t input, std::int64_t charge);
  StepResult fail(Error error);

  Result<void> begin(const EpochStart& start);
  Result<bool> end_operators();
  Result<void> finish_epoch();
  Result<void> read_some(bool& progressed);
  void hand_on_bad_records();
  Result<void> report_open_end();
  bool is_due(std::int64_t slide) const { return start_.interval % slide == 0; }

  const PhysicalPlan& plan_;
  const Stage& stage_;
  const TaskNode& node_;
  std::uint32_t number_;
  TaskOptions options_;
  TaskPeers& peers_;
  BlockPool pool_;

  std::vector<std::unique_ptr<Operator>> operators_;
  std::vector<std::unique_ptr<ChainLink>> links_;  // links_[i] leads into operator i, or out
  std::unique_ptr<Router> router_;
  std::unique_ptr<SourceReader> reader_;
  std::optional<BadRecordRows> bad_records_;  ///< only where they are an output
  std::unique_ptr<SinkWriter> writer_;

  struct Arrived {
    Element element;
    std::int64_t charge = 0;
  };
  struct InputQueue {
    std::deque<Arrived> elements;
    std::int64_t not_granted = 0;  ///< credit of taken batches that is still to be given back
  };
  std::vector<InputQueue> inputs_;
  std::size_t next_input_ = 0;

  // The running epoch.
  enum class Phase { idle, reading, ending, failed };
  Phase phase_ = Phase::idle;
  EpochStart start_;
  DealtSplits splits_;
  bool is_split_open_ = false;
  bool is_open_end_reported_ = false;
  bool should_end_open_range_ = false;
  std::size_t ends_seen_ = 0;
  std::size_t ending_operator_ = 0;
  std::int64_t rows_read_ = 0;
  std::int64_t sink_rows_ = 0;
  std::int64_t rejected_before_ = 0;
  std::vector<OperatorStatistics> counts_;
};

}  // namespace stream
