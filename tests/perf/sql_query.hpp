// Runs a SQL query over a source to its end, as a user's program would: a session, names, text, a
// started query. Used by the workloads over tables.
#pragma once

#include <libstream/api/session_state.hpp>
#include <libstream/connectors/sink.hpp>
#include <libstream/connectors/source.hpp>
#include <libstream/operators/evaluation_settings.hpp>
#include <tests/perf/workloads.hpp>

#include <initializer_list>
#include <span>

namespace stream::perf {

struct SqlQuery {
  /// Known to the text as `events`.
  std::shared_ptr<const Source> source;
  /// The view `timed`: this query over `events`, its column `time` with the watermark.
  std::string view = "SELECT * FROM events";
  std::string watermark_delay = "2 seconds";
  std::string text;
  OutputMode mode = OutputMode::append;
  std::shared_ptr<const Sink> sink;
  RunnerKind runner = RunnerKind::local;
  std::uint32_t parallelism = 1;
};

/// A session that knows `events` and `timed`.
Result<std::unique_ptr<SessionState>> make_session(const SqlQuery& query);

/// Reads all that is there, commits it, and ends.
Result<void> run_to_end(const SqlQuery& query);

/// Stays the same when rows come in another order: of the values of each row's numeric columns,
/// structs by their fields.
class Fingerprint {
 public:
  void add(const Batch& batch);
  void add_row(std::span<const std::int64_t> values);
  void add_row(std::initializer_list<std::int64_t> values) {
    add_row(std::span(values.begin(), values.size()));
  }
  std::int64_t num_rows() const { return num_rows_; }
  std::string text() const;

 private:
  std::uint64_t sum_ = 0;
  std::int64_t num_rows_ = 0;
  std::vector<std::uint64_t> hashes_;
};

}  // namespace stream::perf
