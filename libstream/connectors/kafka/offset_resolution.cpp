#include <libstream/connectors/kafka/offset_resolution.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

Result<PartitionSet> subscribed(TopicOffsets& offsets, const KafkaSourceOptions& options) {
  STREAM_TRY(FoundPartitions found, offsets.find(true));
  if (found.missing.empty()) return std::move(found.partitions);
  std::string names;
  for (const std::string& name : found.missing) names += (names.empty() ? "" : ", ") + name;
  return bad_option(fmt::format(
      "kafka ({}): {} does not exist (UNKNOWN_TOPIC_OR_PARTITION); create it, or check "
      "the option {}",
      options.client.servers(), names,
      options.subscription.kind == KafkaSubscription::Kind::assign ? "assign" : "subscribe"));
}

Result<void> check_all_named(const PartitionOffsets& named, const PartitionSet& assigned,
                             std::string_view rule) {
  const PartitionSet specified = partitions_of(named);
  if (specified == assigned) return {};
  return bad_option(fmt::format("{}\nSpecified: {} Assigned: {}", rule, to_string(specified),
                                to_string(assigned)));
}

Result<PartitionOffsets> resolve_times(TopicOffsets& offsets, const PartitionOffsets& times,
                                       const KafkaSourceOptions& options, LimitSide side) {
  STREAM_TRY(PartitionOffsets found, offsets.first_at(times));
  const bool takes_latest = side == LimitSide::end || options.latest_if_no_match;
  for (const auto& [partition, offset] : found) {
    if (offset == kLatestOffset && !takes_latest)
      return bad_option(
          fmt::format("No offset matched from request of topic-partition {} and timestamp {}. Set "
                      "startingOffsetsByTimestampStrategy to latest to start at the end there",
                      partition.to_string(), times.at(partition)));
  }
  return resolve_places(offsets, std::move(found));
}

PartitionOffsets all_at(const PartitionSet& partitions, std::int64_t value) {
  PartitionOffsets all;
  for (const TopicPartition& partition : partitions) all[partition] = value;
  return all;
}

}  // namespace

Result<PartitionOffsets> resolve_places(TopicOffsets& offsets, PartitionOffsets partitions) {
  PartitionSet earliest;
  PartitionSet latest;
  for (const auto& [partition, offset] : partitions) {
    if (offset == kEarliestOffset) earliest.insert(partition);
    if (offset == kLatestOffset) latest.insert(partition);
  }
  if (!earliest.empty()) {
    STREAM_TRY(const PartitionOffsets found, offsets.earliest(earliest));
    for (const auto& [partition, offset] : found) partitions[partition] = offset;
  }
  if (!latest.empty()) {
    STREAM_TRY(const PartitionOffsets found, offsets.latest(latest));
    for (const auto& [partition, offset] : found) partitions[partition] = offset;
  }
  for (const auto& [partition, offset] : partitions) {
    if (offset < 0)
      return transient(
          fmt::format("kafka: {} went away while its offsets were read", partition.to_string()));
  }
  return partitions;
}

Result<PartitionOffsets> resolve_limit(TopicOffsets& offsets, const KafkaSourceOptions& options,
                                       LimitSide side) {
  const OffsetLimit& limit = side == LimitSide::start ? options.start : options.end;
  STREAM_TRY(const PartitionSet partitions, subscribed(offsets, options));
  switch (limit.kind) {
    case OffsetLimit::Kind::earliest:
      return resolve_places(offsets, all_at(partitions, kEarliestOffset));
    case OffsetLimit::Kind::latest:
      return resolve_places(offsets, all_at(partitions, kLatestOffset));
    case OffsetLimit::Kind::offsets:
      STREAM_TRY(check_all_named(limit.partitions, partitions,
                                 "If startingOffsets contains specific offsets, you must specify "
                                 "all TopicPartitions.\nUse "
                                 "-1 for latest, -2 for earliest."));
      return resolve_places(offsets, limit.partitions);
    case OffsetLimit::Kind::timestamps:
      STREAM_TRY(
          check_all_named(limit.partitions, partitions,
                          "If starting/endingOffsetsByTimestamp contains specific offsets, you "
                          "must specify all topics."));
      return resolve_times(offsets, limit.partitions, options, side);
    case OffsetLimit::Kind::timestamp:
      return resolve_times(offsets, all_at(partitions, limit.timestamp), options, side);
  }
  STREAM_UNREACHABLE("kind of offset limit");
}

}  // namespace stream
