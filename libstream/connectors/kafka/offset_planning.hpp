// What the source's planner decides without asking anybody: how far an epoch reads, into which
// ranges that is cut, and what is lost data. Pure functions.
#pragma once

#include <libstream/connectors/kafka/partition_offsets.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

/// The end of an epoch of about `limit` records: the limit is shared by how much each partition
/// lags, rounded down but at least 1, so that none starves. `begins` has every partition of
/// `latest` whose beginning is known.
PartitionOffsets limit_offsets(std::int64_t limit, const PartitionOffsets& begins,
                               const PartitionOffsets& latest);

/// Records in [begins, latest), partitions behind their begin not counted.
std::int64_t num_records_between(const PartitionOffsets& begins, const PartitionOffsets& latest);

/// Spark's metrics of the lag: avg-, max- and minOffsetsBehindLatest over the partitions of
/// `latest`; those not in `consumed` count from 0. Empty where there is none.
std::map<std::string, std::string> offsets_behind(const PartitionOffsets& consumed,
                                                  const PartitionOffsets& latest);

/// minOffsetsPerTrigger: whether an epoch has to wait for more records.
class TriggerDelay {
 public:
  TriggerDelay(std::int64_t least_records, Duration longest)
      : least_(least_records), longest_(longest) {}
  /// Says whether to wait; when not, the epoch counts as triggered at `now`.
  bool should_wait(std::int64_t num_records, EpochMillis now);

 private:
  std::int64_t least_;
  Duration longest_;
  EpochMillis last_trigger_ = 0;
};

/// What is wrong between two offsets: sentences, empty when nothing was lost. Only partitions of
/// `end` are read, new ones from `new_begins`.
struct JudgedRanges {
  std::vector<OffsetRange> ranges;  ///< not empty ones, sorted by partition
  std::vector<std::string> losses;
};
JudgedRanges judge_ranges(const PartitionOffsets& start, const PartitionOffsets& end,
                          const PartitionOffsets& new_begins);

struct RangeLimits {
  std::optional<std::int64_t> min_partitions;
  std::optional<std::int64_t> max_records;  ///< a range at most
};
/// Cuts large ranges: first by the most records a range may have, then in proportion to their size
/// until there are about as many as wanted. Deterministic.
std::vector<OffsetRange> divide_ranges(const std::vector<OffsetRange>& ranges,
                                       const RangeLimits& limits);

/// What an error about lost data ends with.
extern const std::string_view kDataLossAdvice;

/// A reader asked for `from` of a range and the broker has only [low, high): where to go on.
struct OutOfRange {
  std::int64_t go_on = 0;  ///< == until: nothing of the range is left
  bool is_loss = false;    ///< false: the answer had been out of date
};
OutOfRange judge_out_of_range(std::int64_t from, std::int64_t until, std::int64_t low,
                              std::int64_t high);

}  // namespace stream
