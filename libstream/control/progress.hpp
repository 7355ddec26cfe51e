// Spark's StreamingQueryProgress and listener. One record an epoch feeds listeners, files and the
// terminal.
#pragma once

#include <libstream/control/epoch_records.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stream {

struct SourceProgress {
  std::string description;
  std::string start_offset, end_offset;  ///< JSON texts
  std::int64_t num_input_rows = 0;
  std::optional<double> input_rows_per_second;  ///< absent for the first epoch (R-151)
  double processed_rows_per_second = 0;
  std::string latest_offset{};  ///< JSON text: what there was to read; empty: end_offset
  std::map<std::string, std::string> metrics{};  ///< of the source's own, numbers as texts
};

struct SinkProgress {
  std::string description;
  std::int64_t num_output_rows = 0;
};

/// Of a query with watermarks.
struct EventTimeProgress {
  EpochMillis watermark = 0;         ///< the epoch ran with it (R-025)
  std::optional<EventTimes> seen{};  ///< of the first watermark node that saw rows
};

struct QueryProgress {
  std::string id, run_id, name;
  EpochMillis timestamp = 0;  ///< when the trigger started
  EpochId batch_id = 0;
  std::int64_t batch_duration_millis = 0;
  std::map<std::string, std::int64_t> duration_millis;
  std::optional<EventTimeProgress> event_time;
  std::vector<OperatorStatistics> state_operators;  ///< in plan order, from the sink down
  std::vector<SourceProgress> sources;
  std::vector<SinkProgress> sinks;
  std::int64_t num_rejected_rows = 0;
  std::int64_t num_rows_ahead_of_clock = 0;  ///< too far to move the watermark

  std::int64_t num_input_rows() const;
  double processed_rows_per_second() const;
};

/// The record as Spark prints it: same keys, one line, rates never in scientific notation.
/// `sink` is the first output; `sinks` lists all when there are several.
std::string to_json(const QueryProgress& progress);

class QueryListener {
 public:
  virtual ~QueryListener() = default;
  virtual void on_query_started(const std::string& /*id*/, const std::string& /*run_id*/,
                                const std::string& /*name*/) {}
  virtual void on_query_progress(const QueryProgress& /*progress*/) {}
  virtual void on_query_terminated(const std::string& /*id*/, const std::string& /*run_id*/,
                                   const std::optional<Error>& /*error*/) {}
};

}  // namespace stream
