#include <libstream/connectors/kafka/partition_offsets.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace stream {
namespace {

using Json = nlohmann::json;

std::optional<std::int32_t> partition_number(std::string_view text) {
  std::int32_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

Result<PartitionOffsets> parse_numbers(const std::string& text, std::string_view example,
                                       std::int64_t least) {
  const auto unexpected = [&] {
    return bad_option(fmt::format("Expected e.g. {}, got {}", example, text));
  };
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return unexpected();
  PartitionOffsets offsets;
  for (const auto& [topic, partitions] : json.items()) {
    if (!partitions.is_object()) return unexpected();
    for (const auto& [key, value] : partitions.items()) {
      const auto number = partition_number(key);
      if (!number || !value.is_number_integer() || value.get<std::int64_t>() < least)
        return unexpected();
      offsets[{topic, *number}] = value.get<std::int64_t>();
    }
  }
  return offsets;
}

}  // namespace

std::string TopicPartition::to_string() const { return fmt::format("{}-{}", topic, partition); }

std::string OffsetRange::to_string() const {
  return fmt::format("{} [{}, {})", partition.to_string(), from, until);
}

std::string to_json(const PartitionOffsets& offsets) {
  // Written by hand: JSON objects of the library would sort partition 10 before 2.
  std::string text = "{";
  const std::string* topic = nullptr;
  for (const auto& [partition, offset] : offsets) {
    if (!topic || *topic != partition.topic) {
      text += fmt::format("{}{}:{{", topic ? "}," : "", Json(partition.topic).dump());
      topic = &partition.topic;
    } else {
      text += ',';
    }
    text += fmt::format("\"{}\":{}", partition.partition, offset);
  }
  return text + (topic ? "}}" : "}");
}

Result<PartitionOffsets> parse_partition_offsets(const std::string& json) {
  return parse_numbers(json, R"({"topicA":{"0":23,"1":-1},"topicB":{"0":-2}})", kEarliestOffset);
}

Result<PartitionOffsets> parse_partition_times(const std::string& json) {
  return parse_numbers(json, R"({"topicA":{"0":123456789,"1":123456789},"topicB":{"0":123456789}})",
                       0);
}

Result<PartitionSet> parse_partitions(const std::string& text) {
  const auto unexpected = [&] {
    return bad_option(
        fmt::format(R"(Expected e.g. {{"topicA":[0,1],"topicB":[0,1]}}, got {})", text));
  };
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return unexpected();
  PartitionSet partitions;
  for (const auto& [topic, numbers] : json.items()) {
    if (!numbers.is_array()) return unexpected();
    for (const Json& number : numbers) {
      if (!number.is_number_unsigned() || number.get<std::uint64_t>() > 0x7fffffffu)
        return unexpected();
      partitions.insert({topic, number.get<std::int32_t>()});
    }
  }
  return partitions;
}

PartitionSet partitions_of(const PartitionOffsets& offsets) {
  PartitionSet partitions;
  for (const auto& entry : offsets) partitions.insert(entry.first);
  return partitions;
}

PartitionSet without(const PartitionSet& a, const PartitionSet& b) {
  PartitionSet rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(rest, rest.end()));
  return rest;
}

std::string to_string(const PartitionSet& partitions) {
  std::string text;
  for (const TopicPartition& partition : partitions)
    text += (text.empty() ? "" : ", ") + partition.to_string();
  return text;
}

std::string to_json(const OffsetRange& range) {
  return Json{{"topic", range.partition.topic},
              {"partition", range.partition.partition},
              {"from", range.from},
              {"until", range.until}}
      .dump();
}

Result<OffsetRange> parse_offset_range(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  const auto integer = [&](const char* key) {
    return json.contains(key) && json[key].is_number_integer();
  };
  if (!json.is_object() || !json.contains("topic") || !json["topic"].is_string() ||
      !integer("partition") || !integer("from") || !integer("until"))
    return fatal(fmt::format("kafka: '{}' is no split of this source", text));
  return OffsetRange{{json["topic"].get<std::string>(), json["partition"].get<std::int32_t>()},
                     json["from"].get<std::int64_t>(),
                     json["until"].get<std::int64_t>()};
}

}  // namespace stream
