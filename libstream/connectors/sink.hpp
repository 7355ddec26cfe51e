// What a sink is: writers in the sink tasks and one committer beside the coordinator.
//
// Life of a writer: open, then for each epoch write*, finish, and of a marker sink commit. Between
// checkpoints only `write` is called: `finish` ends everything written since the last one. Life of
// a committer: recover once, then commit for each checkpoint epoch. A committer's commit may be
// called again for the same epoch.
#pragma once

#include <libstream/base/file_system.hpp>
#include <libstream/base/result.hpp>
#include <libstream/data/batch.hpp>
#include <libstream/data/schema.hpp>

#include <memory>
#include <string>
#include <vector>

namespace stream {

enum class SinkKind {
  marker,     ///< the outside transaction carries (query, task, epoch): exactly once
  resumable,  ///< staged output becomes visible at commit, which anyone may repeat: exactly once
  direct,     ///< written at once: at least once
};

/// What the checkpoint says of one sink task when it opens.
struct SinkHistory {
  std::int64_t last_committed = -1;  ///< the newest epoch with a commit
  std::int64_t unfinished = -1;      ///< the epoch after it whose offsets were written, -1: none
  std::string last_message;          ///< what the task gave at the end of `last_committed`
};

struct SinkContext {
  FileSystem& files;
  std::string query_id;  ///< survives restarts when there is a checkpoint directory
  std::uint32_t task = 0;
  std::uint32_t num_tasks = 1;
  std::int64_t term = 0;  ///< differs in each start: staged names of two attempts never meet
  SinkHistory history = {};
  std::uint32_t sink = 0;  ///< which of the query's sinks
};

class SinkWriter {
 public:
  virtual ~SinkWriter() = default;
  virtual Result<void> open(const SinkContext& context) = 0;
  /// Called before the first batch of an epoch, also of an empty one.
  virtual Result<void> begin(std::int64_t epoch, EpochMillis batch_time) = 0;
  virtual Result<void> write(const Batch& batch) = 0;
  /// Called at the end of every epoch, for sinks that show epochs (console).
  virtual Result<void> end(std::int64_t /*epoch*/) { return {}; }
  /// Ends what was written up to checkpoint epoch `epoch`; the message goes to the committer.
  virtual Result<std::string> finish(std::int64_t epoch) = 0;
  /// Marker sinks: makes what `finish` ended visible, and the marker of `epoch` with it. Comes when
  /// all tasks have finished and offsets/epoch is durable, before commits/epoch is written. An
  /// error leaves open whether it went in; the marker tells the writer that runs the epoch again.
  virtual Result<void> commit(std::int64_t /*epoch*/) { return {}; }
};

class SinkCommitter {
 public:
  virtual ~SinkCommitter() = default;
  /// Called once at start; staged output of attempts after `last_committed` is swept, and the
  /// messages of `last_committed` are committed again (idempotent).
  virtual Result<void> recover(const SinkContext& context, std::int64_t last_committed) = 0;
  virtual Result<void> commit(std::int64_t epoch, const std::vector<std::string>& messages) = 0;
  /// False: commit does no I/O and does not wait, so that it may run on the coordinator's thread,
  /// without a trip to the one for blocking work.
  virtual bool blocks() const { return true; }
};

class Sink {
 public:
  virtual ~Sink() = default;
  virtual std::string description() const = 0;
  virtual SinkKind kind() const = 0;
  /// True: `write` may block for long (a slow device, user code); the task runs detached.
  virtual bool may_block() const { return false; }
  /// Refuses a schema it cannot write. Called before the query starts.
  virtual Result<void> check(const Schema& schema) const = 0;
  virtual std::unique_ptr<SinkWriter> make_writer() const = 0;
  virtual std::unique_ptr<SinkCommitter> make_committer() const = 0;
};

}  // namespace stream
