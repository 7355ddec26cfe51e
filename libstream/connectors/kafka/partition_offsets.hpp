// Partitions of topics and offsets in them, and the JSON by which Spark writes both. Pure; used by
// the source's options, planner and reader.
#pragma once

#include <libstream/base/clock.hpp>
#include <libstream/base/result.hpp>

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace stream {

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
  /// "topic-0", as Kafka's tools write it.
  std::string to_string() const;
};

using PartitionSet = std::set<TopicPartition>;
/// The next offset to read in each partition.
using PartitionOffsets = std::map<TopicPartition, std::int64_t>;

/// Offsets that stand for a place; what users write in JSON.
inline constexpr std::int64_t kLatestOffset = -1;
inline constexpr std::int64_t kEarliestOffset = -2;

/// {"topic":{"0":23,"1":-1}}, sorted by topic and partition number.
std::string to_json(const PartitionOffsets& offsets);
/// Error bad_option with an example of what is expected.
Result<PartitionOffsets> parse_partition_offsets(const std::string& json);
/// {"topic":{"0":1700000000000}}: milliseconds.
Result<PartitionOffsets> parse_partition_times(const std::string& json);
/// {"topic":[0,1]}
Result<PartitionSet> parse_partitions(const std::string& json);

PartitionSet partitions_of(const PartitionOffsets& offsets);
/// Those of `a` that are not in `b`.
PartitionSet without(const PartitionSet& a, const PartitionSet& b);
/// "t-0, t-1"
std::string to_string(const PartitionSet& partitions);

/// Records of one partition at offsets [from, until): what a split of the source holds.
struct OffsetRange {
  TopicPartition partition;
  std::int64_t from = 0;
  std::int64_t until = 0;
  bool operator==(const OffsetRange&) const = default;
  std::int64_t size() const { return until - from; }
  /// "t-0 [3, 7)"
  std::string to_string() const;
};
std::string to_json(const OffsetRange& range);
Result<OffsetRange> parse_offset_range(const std::string& json);

}  // namespace stream
