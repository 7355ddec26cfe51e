#include <libstream/connectors/kafka/offset_planning.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace stream {

const std::string_view kDataLossAdvice =
    "Some data may have been lost because they are not available in Kafka any more; either the "
    "data "
    "was aged out by Kafka or the topic may have been deleted before all the data in the topic was "
    "processed. If you don't want your streaming query to fail on such cases, set the source "
    "option "
    "\"failOnDataLoss\" to \"false\".";

namespace {

/// How many parts of a whole of `total`, cut into `wanted`, fall on `size`.
std::int64_t num_parts(std::int64_t size, std::int64_t total, std::int64_t wanted) {
  const double share = static_cast<double>(size) / static_cast<double>(total);
  return std::max<std::int64_t>(std::llround(share * static_cast<double>(wanted)), 1);
}

void divide(const OffsetRange& range, std::int64_t parts, std::vector<OffsetRange>& out) {
  std::int64_t from = range.from;
  for (std::int64_t part = 0; part < parts; ++part) {
    // The last part takes what rounding leaves.
    const std::int64_t until = from + (range.until - from) / (parts - part);
    if (until > from) out.push_back({range.partition, from, until});
    from = until;
  }
}

std::int64_t total_size(const std::vector<OffsetRange>& ranges) {
  return std::accumulate(ranges.begin(), ranges.end(), std::int64_t{0},
                         [](std::int64_t sum, const OffsetRange& r) { return sum + r.size(); });
}

std::vector<OffsetRange> divide_to_count(const std::vector<OffsetRange>& ranges,
                                         std::int64_t wanted) {
  const std::int64_t total = total_size(ranges);
  // Small ranges stay whole and take no part in the shares of the others.
  std::int64_t num_whole = 0;
  std::int64_t total_whole = 0;
  for (const OffsetRange& range : ranges) {
    if (num_parts(range.size(), total, wanted) > 1) continue;
    ++num_whole;
    total_whole += range.size();
  }
  const std::int64_t wanted_of_large = std::max<std::int64_t>(wanted - num_whole, 1);
  std::vector<OffsetRange> divided;
  for (const OffsetRange& range : ranges) {
    const bool is_whole = num_parts(range.size(), total, wanted) == 1;
    divide(range, is_whole ? 1 : num_parts(range.size(), total - total_whole, wanted_of_large),
           divided);
  }
  return divided;
}

}  // namespace

std::int64_t num_records_between(const PartitionOffsets& begins, const PartitionOffsets& latest) {
  std::int64_t sum = 0;
  for (const auto& [partition, end] : latest) {
    const auto begin = begins.find(partition);
    if (begin != begins.end()) sum += std::max<std::int64_t>(end - begin->second, 0);
  }
  return sum;
}

PartitionOffsets limit_offsets(std::int64_t limit, const PartitionOffsets& begins,
                               const PartitionOffsets& latest) {
  const std::int64_t total = num_records_between(begins, latest);
  if (total < 1) return latest;
  PartitionOffsets limited = latest;
  for (auto& [partition, end] : limited) {
    const auto begin = begins.find(partition);
    if (begin == begins.end() || end <= begin->second) continue;
    const std::int64_t size = end - begin->second;
    const double share =
        static_cast<double>(limit) * (static_cast<double>(size) / static_cast<double>(total));
    const double rounded = share < 1 ? std::ceil(share) : std::floor(share);
    // Compared as doubles: a huge limit does not fit an offset.
    if (rounded < static_cast<double>(size))
      end = begin->second + static_cast<std::int64_t>(rounded);
  }
  return limited;
}

std::map<std::string, std::string> offsets_behind(const PartitionOffsets& consumed,
                                                  const PartitionOffsets& latest) {
  if (latest.empty()) return {};
  std::vector<std::int64_t> behind;
  for (const auto& [partition, end] : latest) {
    const auto known = consumed.find(partition);
    behind.push_back(end - (known == consumed.end() ? 0 : known->second));
  }
  const auto [least, most] = std::minmax_element(behind.begin(), behind.end());
  const double sum = std::accumulate(behind.begin(), behind.end(), 0.0);
  std::string average = fmt::format("{}", sum / static_cast<double>(behind.size()));
  if (average.find_first_of(".e") == std::string::npos) average += ".0";
  return {{"avgOffsetsBehindLatest", average},
          {"maxOffsetsBehindLatest", std::to_string(*most)},
          {"minOffsetsBehindLatest", std::to_string(*least)}};
}

bool TriggerDelay::should_wait(std::int64_t num_records, EpochMillis now) {
  if (now - last_trigger_ < longest_.count() && num_records < least_) return true;
  last_trigger_ = now;
  return false;
}

JudgedRanges judge_ranges(const PartitionOffsets& start, const PartitionOffsets& end,
                          const PartitionOffsets& new_begins) {
  JudgedRanges judged;
  const PartitionSet gone = without(partitions_of(start), partitions_of(end));
  if (!gone.empty())
    judged.losses.push_back(
        fmt::format("{} are gone. Some data may have been missed", to_string(gone)));
  for (const auto& [partition, until] : end) {
    std::int64_t from = 0;
    if (const auto known = start.find(partition); known != start.end()) {
      from = known->second;
    } else if (const auto begin = new_begins.find(partition); begin != new_begins.end()) {
      from = begin->second;
      if (from != 0)
        judged.losses.push_back(
            fmt::format("Added partition {} starts from {} instead of 0. Some data may have been "
                        "missed",
                        partition.to_string(), from));
    } else {
      judged.losses.push_back(
          fmt::format("Cannot find earliest offsets of {}. Some data may have been missed",
                      partition.to_string()));
      continue;
    }
    if (until < from) {
      judged.losses.push_back(
          fmt::format("Partition {}'s offset was changed from {} to {}: the topic was deleted and "
                      "made again, or "
                      "its log was cut. Some data may have been missed",
                      partition.to_string(), from, until));
    } else if (until > from) {
      judged.ranges.push_back({partition, from, until});
    }
  }
  return judged;
}

std::vector<OffsetRange> divide_ranges(const std::vector<OffsetRange>& ranges,
                                       const RangeLimits& limits) {
  std::vector<OffsetRange> divided = ranges;
  if (limits.max_records) {
    divided.clear();
    for (const OffsetRange& range : ranges)
      divide(range, (range.size() + *limits.max_records - 1) / *limits.max_records, divided);
  }
  if (!limits.min_partitions || divided.empty() ||
      static_cast<std::int64_t>(divided.size()) >= *limits.min_partitions)
    return divided;
  return divide_to_count(divided, *limits.min_partitions);
}

OutOfRange judge_out_of_range(std::int64_t from, std::int64_t until, std::int64_t low,
                              std::int64_t high) {
  if (from >= low && from <= high && high >= until) return {from, false};
  if (low >= until || from > high) return {until, true};
  return {std::max(from, low), true};
}

}  // namespace stream
