#include <libstream/base/log.hpp>
#include <libstream/connectors/kafka/kafka_planner.hpp>
#include <libstream/connectors/kafka/offset_resolution.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

/// One split a range. A partition keeps its number from epoch to epoch as long as none comes or
/// goes, and with it its task, whose client has it open already.
std::vector<Split> splits_of(const std::vector<OffsetRange>& ranges, const PartitionSet& partitions,
                             const RangeLimits& limits) {
  std::vector<Split> splits;
  const bool is_divided = limits.min_partitions || limits.max_records;
  for (const OffsetRange& range : divide_ranges(ranges, limits)) {
    const auto place = is_divided
                           ? static_cast<std::ptrdiff_t>(splits.size())
                           : std::distance(partitions.begin(), partitions.find(range.partition));
    splits.push_back({to_json(range), static_cast<std::uint32_t>(place)});
  }
  return splits;
}

RangeLimits limits_of(const KafkaTriggers& triggers) {
  return {triggers.min_partitions, triggers.max_records_per_partition};
}

bool has_gone_back(const PartitionOffsets& start, const PartitionOffsets& latest) {
  for (const auto& [partition, offset] : latest) {
    const auto known = start.find(partition);
    if (known != start.end() && known->second > offset) return true;
  }
  return false;
}

}  // namespace

KafkaStreamPlanner::KafkaStreamPlanner(std::shared_ptr<const KafkaSourceOptions> options,
                                       std::unique_ptr<TopicOffsets> offsets)
    : options_(std::move(options)),
      offsets_(std::move(offsets)),
      delay_(options_->triggers.min_offsets.value_or(0), options_->triggers.max_delay) {}

Result<void> KafkaStreamPlanner::open(const PlannerContext& context) {
  clock_ = &context.clock;
  log_ = &context.log;
  is_available_now_ = context.is_available_now;
  STREAM_TRY(const auto entries, log_->read_all());
  for (const auto& [number, content] : entries) {
    STREAM_TRY(PartitionOffsets offsets, parse_partition_offsets(content));
    if (number == 0) {
      initial_ = std::move(offsets);
    } else {
      for (const auto& [partition, offset] : offsets) new_begins_[partition] = offset;
    }
    next_entry_ = std::max(next_entry_, number + 1);
  }
  return offsets_->connect();
}

Result<std::string> KafkaStreamPlanner::initial_offset() {
  if (!initial_) {
    STREAM_TRY(PartitionOffsets resolved, resolve_limit(*offsets_, *options_, LimitSide::start));
    STREAM_TRY(log_->write(0, to_json(resolved)));
    initial_ = std::move(resolved);
  }
  return to_json(*initial_);
}

/// A partition that was known and is not found is asked for again before it counts as gone: a
/// broker that has just started may not know it yet.
Result<FoundPartitions> KafkaStreamPlanner::find_partitions(const PartitionOffsets& start) {
  const PartitionSet known = partitions_of(start);
  for (std::int64_t tried = 0;; ++tried) {
    STREAM_TRY(FoundPartitions found, offsets_->find(tried > 0));
    if (without(known, found.partitions).empty() || tried == options_->reading.num_retries)
      return found;
    offsets_->pause(options_->reading.retry_interval);
  }
}

Result<PartitionOffsets> KafkaStreamPlanner::find_latest(const PartitionOffsets& start) {
  STREAM_TRY(const FoundPartitions found, find_partitions(start));
  for (std::int64_t tried = 0;; ++tried) {
    STREAM_TRY(PartitionOffsets latest, offsets_->latest(found.partitions));
    // A leader that has just changed may answer with an offset of before.
    if (!has_gone_back(start, latest) || tried == options_->reading.num_retries) return latest;
    offsets_->pause(options_->reading.retry_interval);
  }
}

/// Where added partitions begin is written down before an epoch is planned on it: by the time of a
/// re-run their first records may have aged out.
Result<void> KafkaStreamPlanner::find_new_begins(const PartitionSet& added) {
  PartitionSet unknown;
  for (const TopicPartition& partition : added) {
    if (!new_begins_.contains(partition)) unknown.insert(partition);
  }
  if (unknown.empty()) return {};
  STREAM_TRY(const PartitionOffsets begins, offsets_->earliest(unknown));
  if (begins.empty()) return {};
  STREAM_TRY(log_->write(next_entry_, to_json(begins)));
  ++next_entry_;
  for (const auto& [partition, offset] : begins) new_begins_[partition] = offset;
  return {};
}

Result<std::optional<std::string>> KafkaStreamPlanner::latest_offset(const std::string& start,
                                                                     EpochMillis) {
  STREAM_TRY(const PartitionOffsets from, parse_partition_offsets(start));
  PartitionOffsets latest;
  if (is_available_now_ && available_) {
    latest = *available_;
  } else {
    STREAM_TRY(latest, find_latest(from));
    if (is_available_now_) available_ = latest;
  }
  newest_ = latest;
  // A partition that goes and comes again is a new one then.
  std::erase_if(new_begins_, [&](const auto& begin) { return from.contains(begin.first); });
  STREAM_TRY(find_new_begins(without(partitions_of(latest), partitions_of(from))));
  PartitionOffsets begins = new_begins_;
  for (const auto& [partition, offset] : from) begins[partition] = offset;
  const KafkaTriggers& triggers = options_->triggers;
  const bool waits = triggers.min_offsets && !is_available_now_ &&
                     delay_.should_wait(num_records_between(begins, latest), clock_->wall_millis());
  if (waits) return std::optional<std::string>(start);
  if (triggers.max_offsets) latest = limit_offsets(*triggers.max_offsets, begins, latest);
  return std::optional<std::string>(to_json(latest));
}

Result<void> KafkaStreamPlanner::take_losses(const std::vector<std::string>& losses) const {
  if (losses.empty()) return {};
  std::string text;
  for (const std::string& loss : losses) text += (text.empty() ? "" : "; ") + loss;
  if (options_->fails_on_data_loss)
    return fatal(
        fmt::format("kafka ({}): {}. {}", options_->client.servers(), text, kDataLossAdvice));
  STREAM_LOG(warning, "kafka ({}): {}", options_->client.servers(), text);
  return {};
}

Result<std::vector<Split>> KafkaStreamPlanner::plan(const std::string& start,
                                                    const std::string& end) {
  STREAM_TRY(const PartitionOffsets from, parse_partition_offsets(start));
  STREAM_TRY(const PartitionOffsets until, parse_partition_offsets(end));
  STREAM_TRY(find_new_begins(without(partitions_of(until), partitions_of(from))));
  const JudgedRanges judged = judge_ranges(from, until, new_begins_);
  STREAM_TRY(take_losses(judged.losses));
  return splits_of(judged.ranges, partitions_of(until), limits_of(options_->triggers));
}

std::string KafkaStreamPlanner::newest_offset() const {
  return newest_.empty() ? std::string() : to_json(newest_);
}

std::map<std::string, std::string> KafkaStreamPlanner::metrics(const std::string& end) const {
  const auto consumed = parse_partition_offsets(end);
  if (!consumed) return {};
  return offsets_behind(*consumed, newest_);
}

Result<void> KafkaStreamPlanner::commit(const std::string& end) {
  if (options_->reading.monitoring_group.empty()) return {};
  STREAM_TRY(const PartitionOffsets offsets, parse_partition_offsets(end));
  offsets_->publish(offsets);
  return {};
}

Result<std::vector<Split>> KafkaBoundedPlanner::plan(const std::string&, const std::string&) {
  STREAM_TRY(const PartitionOffsets from, resolve_limit(*offsets_, *options_, LimitSide::start));
  STREAM_TRY(const PartitionOffsets until, resolve_limit(*offsets_, *options_, LimitSide::end));
  std::vector<OffsetRange> ranges;
  for (const auto& [partition, end] : until) {
    const auto begin = from.find(partition);
    if (begin == from.end()) continue;  // made between the two questions
    if (begin->second > end)
      return bad_option(fmt::format("kafka: the start {} of {} lies behind its end {}",
                                    begin->second, partition.to_string(), end));
    if (begin->second < end) ranges.push_back({partition, begin->second, end});
  }
  return splits_of(ranges, partitions_of(until), limits_of(options_->triggers));
}

}  // namespace stream
