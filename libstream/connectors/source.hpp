// What a source is: a planner beside the coordinator and readers in the source tasks.
//
// Life of a planner: initial_offset once on a fresh checkpoint, then for each epoch latest_offset
// and plan, and commit when the epoch is over. Of a reader: open(split) for each split of its task,
// then read until `end_of_split`. All calls of one object come from one thread at a time.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/base/file_system.hpp>
#include <libstream/base/result.hpp>
#include <libstream/data/batch.hpp>
#include <libstream/data/block_pool.hpp>
#include <libstream/data/schema.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stream {

/// A part of a source's range that one reader can read alone. `content` is the source's own text.
struct Split {
  std::string content;
  std::uint32_t index = 0;  ///< position in the epoch's plan; dealt to task index modulo parallelism
};

/// Durable entries of one source in the checkpoint (sources/I/N): what it has seen. Without a
/// checkpoint directory it is kept in memory.
class SourceLog {
 public:
  virtual ~SourceLog() = default;
  /// Makes entry n durable; writing an existing entry again with the same content is fine.
  virtual Result<void> write(std::int64_t n, const std::string& content) = 0;
  /// All entries in order of n.
  virtual Result<std::vector<std::pair<std::int64_t, std::string>>> read_all() = 0;
  /// Drops entries below n (after a compacted entry replaced them).
  virtual Result<void> remove_below(std::int64_t n) = 0;
};

struct PlannerContext {
  FileSystem& files;
  Clock& clock;
  SourceLog& log;
  std::uint32_t parallelism = 1;
  /// The query ends when it has read what is there now (available now): a source with limits an
  /// epoch looks once how far that is.
  bool is_available_now = false;
};

class SourcePlanner {
 public:
  virtual ~SourcePlanner() = default;
  /// Called once, before anything else, also after a restart.
  virtual Result<void> open(const PlannerContext& context) = 0;
  virtual Result<std::string> initial_offset() = 0;
  /// The newest offset at or after `start` under the source's limits; nullopt for an open range.
  virtual Result<std::optional<std::string>> latest_offset(const std::string& start,
                                                           EpochMillis batch_time) = 0;
  /// Cuts [start, end) into splits; the same range always gives the same splits at one parallelism.
  /// For an open range `end` is empty and there is one split.
  virtual Result<std::vector<Split>> plan(const std::string& start, const std::string& end) = 0;
  /// The epoch that ended at `end` is committed; earlier rows are not asked for again.
  virtual Result<void> commit(const std::string& end) = 0;
  /// The query is rescaled: of a range that is planned from now on for so many tasks.
  virtual void set_parallelism(std::uint32_t /*parallelism*/) {}
  /// False: latest_offset, plan and commit do no I/O and do not wait, so that they may run on the
  /// coordinator's thread, without a trip to the one for blocking work.
  virtual bool blocks() const { return true; }
};

enum class ReadStatus {
  batch,         ///< `batch` was filled
  end_of_split,  ///< nothing more in this split; open another or finish
  no_rows_yet,   ///< open ranges, or where reading blocks: ask again after `wake`
};

/// A record that a reader could not take: counted, and kept aside up to a limit, or all of them
/// where ReaderContext says so.
struct Reject {
  std::string bytes;  ///< the raw bytes; where they are cut, the reason says so
  std::string place;  ///< "file:/x/y byte 120"
  std::string reason;
};

struct ReaderContext {
  FileSystem& files;
  Clock& clock;
  BlockPool& pool;
  std::function<void()> wake;            ///< thread-safe: rows are there, read again
  std::size_t batch_rows = 4096;         ///< upper bound of rows a batch
  std::size_t batch_bytes = 256u << 10;  ///< about so many bytes of text a batch
  /// True: rejects are an output of the query. take_rejects follows every read, none may be left
  /// out; a reader that finds nothing but rejects hands out an empty batch now and then.
  bool keeps_all_rejects = false;
};

class SourceReader {
 public:
  virtual ~SourceReader() = default;
  virtual Result<void> start(const ReaderContext& context) = 0;
  virtual Result<void> open(const Split& split) = 0;
  virtual Result<ReadStatus> read(Batch& batch) = 0;
  /// Open ranges only: stop after what has been handed out; returns the end offset reached.
  virtual Result<std::string> end_open_range() { return fatal("this source has no open ranges"); }
  /// Rejected records since the last call.
  virtual std::vector<Reject> take_rejects() { return {}; }
  virtual std::int64_t num_rejected() const { return 0; }
};

/// A source as a plan holds it: a description that makes planners and readers.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::string description() const = 0;  ///< as Spark's progress prints it; no secrets
  virtual Schema schema() const = 0;
  virtual bool has_open_ranges() const { return false; }
  /// False: re-reading a range does not give the same rows (socket without write-ahead log).
  virtual bool is_replayable() const { return true; }
  /// True: a bounded relation that every epoch reads whole (a table, the static side of a join).
  /// Its planner is asked for the initial offset and then, for each epoch, plan(initial, initial),
  /// which gives the splits of all of it; latest_offset and commit are never called. It never
  /// causes an epoch, except that a query of static sources alone runs one.
  virtual bool is_static() const { return false; }
  /// True: a reader's `read` may wait for long (a client library); its tasks run detached. It waits
  /// in slices, with `no_rows_yet` and a wake between them, so that its task can be ended.
  virtual bool may_block() const { return false; }
  /// True: no reader is nearer to one split than to another, so that a task that is through with its
  /// splits may read those of others.
  virtual bool shares_splits() const { return false; }
  /// Empty, or why it has no bad records to give although readers of its kind have: they are rows
  /// (PERMISSIVE) or end the query (FAILFAST).
  virtual std::string why_no_bad_records() const { return {}; }
  /// True: the first epoch runs even when the source has no row yet (rate, Kafka; R-140).
  virtual bool makes_empty_first_epoch() const { return false; }
  /// Columns beside those of schema(), which a query gets only by naming them (`_metadata`).
  virtual Schema hidden_columns() const { return {}; }
  /// The same source with other columns: those numbered, in this order; schema().num_fields() + i
  /// is hidden column i. What it does not read costs nothing. nullptr: it always reads all.
  virtual std::shared_ptr<const Source> with_columns(
      const std::vector<std::size_t>& /*columns*/) const {
    return nullptr;
  }
  virtual std::unique_ptr<SourcePlanner> make_planner() const = 0;
  virtual std::unique_ptr<SourceReader> make_reader() const = 0;
};

}  // namespace stream
