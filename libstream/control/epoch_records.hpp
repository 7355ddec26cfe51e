// What the control loop writes down and hands around: plain data and its text forms.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/base/event_times.hpp>
#include <libstream/base/result.hpp>
#include <libstream/control/watermark_tracker.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace stream {

/// Number of an epoch, Spark's batchId: 0, 1, 2, …; -1 stands for "none".
using EpochId = std::int64_t;
using TaskIndex = std::uint32_t;

/// What one source reads in one epoch. Offsets are opaque JSON texts of the source.
struct SourceRange {
  std::string start;
  std::string end;       ///< empty while open
  bool is_open = false;  ///< the reader decides the end when told
};

/// offsets/N: the plan of an epoch, durable before anything of it can be seen outside.
struct EpochOffsets {
  EpochId epoch = 0;
  EpochMillis batch_time = 0;
  EpochMillis zero_time = 0;
  std::int64_t term = 0;            ///< filled in by the store
  std::uint32_t parallelism = 1;    ///< filled in by the store: pinned for a re-run
  std::vector<SourceRange> ranges;  ///< per source
  EpochMillis watermark = 0;        ///< the epoch runs with it
  WatermarkPolicy watermark_policy = WatermarkPolicy::min;  ///< pinned by the first run (R-007)
};

/// What a sink task hands to its committer at the end of an epoch (staged file names, markers).
struct SinkMessage {
  std::uint32_t sink = 0;
  TaskIndex task = 0;
  std::string content;  ///< opaque to all but the sink
};

/// One file of sealed state, as commits/N lists it.
struct StateFile {
  std::string name;  ///< relative to state/
  std::uint64_t size_bytes = 0;
  std::uint64_t checksum = 0;
  std::uint32_t first_group = 0, last_group = 0;  ///< inclusive
  std::string operator_id;
  EpochId epoch = 0;
  bool is_snapshot = false;
};

/// commits/N: state, sink messages and where the sources stand after the epoch.
struct EpochCommit {
  EpochId epoch = 0;
  std::int64_t term = 0;  ///< filled in by the store
  EpochMillis batch_time = 0;
  EpochMillis zero_time = 0;
  std::vector<std::string> ends;       ///< per source
  std::vector<StateFile> state_files;  ///< filled in by the store: all that a restore needs
  std::vector<SinkMessage> sink_messages;
  EpochMillis watermark = 0;       ///< the epoch ran with it: lateness in the next one
  EpochMillis next_watermark = 0;  ///< what the epoch moved it to
  WatermarkPolicy watermark_policy = WatermarkPolicy::min;
};

/// Counters of one operator, summed over its tasks.
struct OperatorStatistics {
  std::string name;
  std::int64_t rows_in = 0, rows_out = 0;
  std::int64_t state_rows = 0, state_rows_updated = 0, state_rows_removed = 0;
  std::int64_t state_bytes = 0;
  std::int64_t dropped_by_watermark = 0, dropped_duplicates = 0;
  bool is_stateful = false;
};

struct EpochStatistics {
  std::vector<std::int64_t> source_rows;                ///< per source
  std::map<std::string, OperatorStatistics> operators;  ///< by operator id
  std::vector<EventTimes> event_times;                  ///< of watermark nodes that saw rows
  std::int64_t rejected_rows = 0;                       ///< bad records kept aside or counted
  std::vector<std::int64_t> sink_rows;                  ///< per sink
  std::map<std::string, std::int64_t> duration_millis;  ///< Spark's keys: latestOffset, addBatch, …
  void add(const EpochStatistics& other);
};

/// A task's answer at the end of an epoch.
struct TaskReport {
  TaskIndex task = 0;
  EpochStatistics statistics;
  std::vector<SinkMessage> sink_messages;
};

// Text forms (JSON, one object). Parsing checks every field and is bounded.
std::string to_text(const EpochOffsets& offsets);
std::string to_text(const EpochCommit& commit);
Result<EpochOffsets> parse_epoch_offsets(std::string_view text);
Result<EpochCommit> parse_epoch_commit(std::string_view text);

}  // namespace stream
