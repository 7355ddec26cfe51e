// Turns what the coordinator says of each epoch into progress records, and keeps the newest ones
// for `recent progress`. Pure; used by the runners, from the coordinator's thread.
#pragma once

#include <libstream/control/epoch_coordinator.hpp>
#include <libstream/control/progress.hpp>

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace stream {

/// How far a source was ahead when an epoch was planned; see SourceProgress.
struct SourceStanding {
  std::string latest_offset;
  std::map<std::string, std::string> metrics;
};

class ProgressReporter {
 public:
  struct Query {
    std::string id, run_id, name;
    std::vector<std::string> sources;  ///< descriptions
    std::vector<std::string> sinks;    ///< descriptions
    /// Where the query starts to read, per source: the committed ends, or the initial offsets.
    std::vector<std::string> start_offsets;
    std::size_t num_kept = 100;            ///< fewer than this are kept (R-150)
    std::vector<std::string> operators{};  ///< ids in plan order, from the sink down
    std::vector<bool> static_sources{};    ///< not reported, as Spark's
    bool has_watermarks = false;
  };

  explicit ProgressReporter(Query query);

  /// `now` is when the epoch was over; its trigger began `triggerExecution` earlier. `standings`:
  /// by source, or empty where nobody knows.
  const QueryProgress& on_epoch_committed(const EpochCommitted& epoch, EpochMillis now,
                                          std::vector<SourceStanding> standings = {});

  /// The query was rescaled: other operators may carry it out.
  void set_operators(std::vector<std::string> ids) { query_.operators = std::move(ids); }

  const std::deque<QueryProgress>& recent() const { return recent_; }
  std::optional<QueryProgress> last() const;

 private:
  Query query_;
  std::deque<QueryProgress> recent_;
  std::optional<EpochMillis> previous_trigger_start_;
};

}  // namespace stream
