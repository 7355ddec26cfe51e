#include <libstream/base/duration.hpp>
#include <libstream/base/log.hpp>
#include <libstream/connectors/kafka/kafka_source_options.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace stream {
namespace {

/// Options as they were written; those that depend on one another are looked at afterwards.
struct Written {
  KafkaSourceOptions options;
  std::vector<std::string> strategies;
  std::optional<OffsetLimit> start, start_by_partition, start_timestamp;
  std::optional<OffsetLimit> end, end_by_partition, end_timestamp;
  bool has_delay = false;
};
using SourceField = OptionField<Written>;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool is_word(std::string_view text, std::string_view word) {
  return !IgnoreCaseLess{}(text, word) && !IgnoreCaseLess{}(word, text);
}

Result<void> set_topics(KafkaSubscription& subscription, std::string_view list) {
  subscription.kind = KafkaSubscription::Kind::topics;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (const auto topic = trimmed(list.substr(0, comma)); !topic.empty())
      subscription.topics.emplace_back(topic);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  if (!subscription.topics.empty()) return {};
  return bad_option("No topics to subscribe to as specified value for option 'subscribe'");
}

Result<void> set_pattern(KafkaSubscription& subscription, std::string_view pattern) {
  subscription.kind = KafkaSubscription::Kind::pattern;
  subscription.pattern = trimmed(pattern);
  if (subscription.pattern.empty())
    return bad_option(
        "Pattern to subscribe is empty as specified value for option 'subscribePattern'");
  try {
    const std::regex checked(subscription.pattern);
  } catch (const std::regex_error& error) {
    return bad_option(fmt::format("'{}' is no regular expression: {}", pattern, error.what()));
  }
  return {};
}

std::vector<SourceField> subscription_fields() {
  return {
      {{"assign", "", "", R"(The partitions to read: {"topicA":[0,1],"topicB":[2,4]}.)"},
       [](Written& w, const std::string& v) -> Result<void> {
         w.strategies.push_back("assign");
         w.options.subscription.kind = KafkaSubscription::Kind::assign;
         if (!trimmed(v).starts_with('{'))
           return bad_option(fmt::format(
               "No topicpartitions to assign as specified value for option 'assign' is '{}'", v));
         STREAM_TRY(w.options.subscription.partitions, parse_partitions(v));
         return {};
       }},
      {{"subscribe", "", "", "The topics to read, separated by commas."},
       [](Written& w, const std::string& v) {
         w.strategies.push_back("subscribe");
         return set_topics(w.options.subscription, v);
       }},
      {{"subscribePattern", "", "", "A regular expression: topics with such a name are read."},
       [](Written& w, const std::string& v) {
         w.strategies.push_back("subscribePattern");
         return set_pattern(w.options.subscription, v);
       }},
  };
}

using LimitField = std::optional<OffsetLimit> Written::*;

SourceField offsets_field(std::string_view name, std::string_view fallback,
                          std::string_view sentence, LimitField field) {
  return {{name, "", fallback, sentence},
          [field](Written& w, const std::string& v) -> Result<void> {
            OffsetLimit& limit = (w.*field).emplace();
            if (is_word(trimmed(v), "earliest")) {
              limit.kind = OffsetLimit::Kind::earliest;
            } else if (!is_word(trimmed(v), "latest")) {
              limit.kind = OffsetLimit::Kind::offsets;
              STREAM_TRY(limit.partitions, parse_partition_offsets(v));
            }
            return {};
          }};
}
SourceField times_field(std::string_view name, std::string_view sentence, LimitField field) {
  return {{name, "", "", sentence}, [field](Written& w, const std::string& v) -> Result<void> {
            OffsetLimit& limit = (w.*field).emplace();
            limit.kind = OffsetLimit::Kind::timestamps;
            STREAM_TRY(limit.partitions, parse_partition_times(v));
            return {};
          }};
}
SourceField time_field(std::string_view name, std::string_view sentence, LimitField field) {
  return {{name, "", "", sentence}, [field](Written& w, const std::string& v) -> Result<void> {
            OffsetLimit& limit = (w.*field).emplace();
            limit.kind = OffsetLimit::Kind::timestamp;
            const auto millis = option_integer(std::string(trimmed(v)));
            if (!millis || *millis < 0)
              return bad_option(fmt::format("Expected a single long value, got {}", v));
            limit.timestamp = *millis;
            return {};
          }};
}

std::vector<SourceField> limit_fields() {
  return {
      offsets_field("startingOffsets", "latest; earliest for bounded reads",
                    R"(Where a new query starts: earliest, latest, {"t":{"0":23,"1":-2}}.)",
                    &Written::start),
      times_field("startingOffsetsByTimestamp", R"(Start at times: {"t":{"0":1700000000000}}.)",
                  &Written::start_by_partition),
      time_field("startingTimestamp", "Start at this time (milliseconds) in all partitions.",
                 &Written::start_timestamp),
      {{"startingOffsetsByTimestampStrategy", "", "error",
        "Where no record is that late: error, or latest."},
       [](Written& w, const std::string& v) -> Result<void> {
         w.options.latest_if_no_match = is_word(v, "latest");
         if (!w.options.latest_if_no_match && !is_word(v, "error"))
           return bad_option(fmt::format("'{}' is none of error, latest", v));
         return {};
       }},
      offsets_field("endingOffsets", "latest", "Bounded reads: where to stop; as startingOffsets.",
                    &Written::end),
      times_field("endingOffsetsByTimestamp", "Bounded reads: stop at times.",
                  &Written::end_by_partition),
      time_field("endingTimestamp", "Bounded reads: stop at this time in all partitions.",
                 &Written::end_timestamp),
  };
}

/// A count above `least`, put where `place` says.
template <class Place>
SourceField count_field(std::string_view name, std::string_view fallback, std::string_view sentence,
                        std::int64_t least, Place place) {
  return {{name, "", fallback, sentence},
          [name, least, place](Written& w, const std::string& v) -> Result<void> {
            STREAM_TRY(const std::int64_t number, option_integer(v));
            if (number < least)
              return bad_option(
                  fmt::format("{} must {}", name, least > 0 ? "be positive" : "not be negative"));
            place(w, number);
            return {};
          }};
}

std::vector<SourceField> trigger_fields() {
  return {
      count_field("maxOffsetsPerTrigger", "", "Streams: about so many records an epoch at most.", 1,
                  [](Written& w, std::int64_t n) { w.options.triggers.max_offsets = n; }),
      count_field("minOffsetsPerTrigger", "", "Streams: an epoch waits for so many records.", 1,
                  [](Written& w, std::int64_t n) { w.options.triggers.min_offsets = n; }),
      {{"maxTriggerDelay", "", "15m",
        "Streams: but no longer than this; a bare number is milliseconds."},
       [](Written& w, const std::string& v) -> Result<void> {
         // Spark takes a bare number too.
         if (const auto millis = option_integer(v); millis && *millis >= 0) {
           w.options.triggers.max_delay = Duration(*millis);
         } else {
           STREAM_TRY(w.options.triggers.max_delay, parse_duration(v));
         }
         w.has_delay = true;
         return {};
       }},
      count_field("minPartitions", "", "Cut large ranges until there are about so many.", 1,
                  [](Written& w, std::int64_t n) { w.options.triggers.min_partitions = n; }),
      count_field(
          "maxRecordsPerPartition", "", "Cut ranges of more records.", 1,
          [](Written& w, std::int64_t n) { w.options.triggers.max_records_per_partition = n; }),
  };
}

std::vector<SourceField> reading_fields() {
  const auto flag = [](bool KafkaSourceOptions::*field) {
    return [field](Written& w, const std::string& v) -> Result<void> {
      STREAM_TRY(w.options.*field, option_flag(v));
      return {};
    };
  };
  const auto text = [](std::string KafkaReading::*field) {
    return [field](Written& w, const std::string& v) -> Result<void> {
      w.options.reading.*field = v;
      return {};
    };
  };
  return {
      {{"failOnDataLoss", "", "true", "Whether records that are gone end the query."},
       flag(&KafkaSourceOptions::fails_on_data_loss)},
      {{"includeHeaders", "", "false", "Whether rows have the column headers."},
       flag(&KafkaSourceOptions::has_headers)},
      count_field("fetchOffset.numRetries", "3", "How often asking for offsets is tried again.", 0,
                  [](Written& w, std::int64_t n) { w.options.reading.num_retries = n; }),
      count_field(
          "fetchOffset.retryIntervalMs", "1000", "Milliseconds between two tries.", 0,
          [](Written& w, std::int64_t n) { w.options.reading.retry_interval = Duration(n); }),
      count_field("kafkaConsumer.pollTimeoutMs", "120000",
                  "Milliseconds that reading waits for records that should be there.", 1,
                  [](Written& w, std::int64_t n) { w.options.reading.poll_timeout = Duration(n); }),
      {{"groupIdPrefix", "", "",
        "Beginning of the consumer's group id, an id of its own follows; kafka.group.id wins."},
       text(&KafkaReading::group_id_prefix)},
      {{"monitoringGroup", "", "",
        "A consumer group that gets the offsets of each commit, for monitoring tools only."},
       text(&KafkaReading::monitoring_group)},
  };
}

const OptionTable<Written>& source_table() {
  static const OptionTable<Written> table = [] {
    OptionTable<Written> all = subscription_fields();
    for (auto&& more : {limit_fields(), trigger_fields(), reading_fields()})
      all.insert(all.end(), more.begin(), more.end());
    return all;
  }();
  return table;
}

/// Spark's order of preference: one time for all, times by partition, offsets.
OffsetLimit pick(const std::optional<OffsetLimit>& timestamp,
                 const std::optional<OffsetLimit>& by_partition,
                 const std::optional<OffsetLimit>& offsets, OffsetLimit::Kind fallback) {
  if (timestamp) return *timestamp;
  if (by_partition) return *by_partition;
  if (offsets) return *offsets;
  OffsetLimit limit;
  limit.kind = fallback;
  return limit;
}

void check_streaming(const Written& written, std::vector<Error>& errors) {
  if (written.end) errors.push_back(bad_option("ending offset not valid in streaming queries"));
  if (written.end_by_partition || written.end_timestamp)
    errors.push_back(bad_option("ending timestamp not valid in streaming queries"));
  const KafkaTriggers& triggers = written.options.triggers;
  if (triggers.min_offsets && triggers.max_offsets && *triggers.min_offsets > *triggers.max_offsets)
    errors.push_back(
        bad_option(fmt::format("The value of minOffsetPerTrigger({}) is higher than the "
                               "maxOffsetsPerTrigger({}).",
                               *triggers.min_offsets, *triggers.max_offsets)));
}

void check_pair(const OffsetLimit& start, const OffsetLimit& end, std::vector<Error>& errors) {
  if (start.kind != end.kind || start.partitions.empty() || end.partitions.empty()) return;
  if (partitions_of(start.partitions) != partitions_of(end.partitions)) {
    errors.push_back(bad_option(fmt::format(
        "startingOffsets and endingOffsets must name the same partitions; start: {}, end: {}",
        to_string(partitions_of(start.partitions)), to_string(partitions_of(end.partitions)))));
    return;
  }
  for (const auto& [partition, from] : start.partitions) {
    const std::int64_t until = end.partitions.at(partition);
    if (from > until && from >= 0 && until >= 0)
      errors.push_back(bad_option(fmt::format("the start {} of {} lies behind its end {}", from,
                                              partition.to_string(), until)));
  }
}

void check_bounded(const OffsetLimit& start, const OffsetLimit& end, std::vector<Error>& errors) {
  if (start.kind == OffsetLimit::Kind::latest)
    errors.push_back(bad_option("starting offset can't be latest for batch queries on Kafka"));
  if (end.kind == OffsetLimit::Kind::earliest)
    errors.push_back(bad_option("ending offset can't be earliest for batch queries on Kafka"));
  for (const auto& [partition, offset] : start.partitions) {
    if (start.kind == OffsetLimit::Kind::offsets && offset == kLatestOffset)
      errors.push_back(bad_option(
          fmt::format("startingOffsets for {} can't be latest for batch queries on Kafka",
                      partition.to_string())));
  }
  for (const auto& [partition, offset] : end.partitions) {
    if (end.kind == OffsetLimit::Kind::offsets && offset == kEarliestOffset)
      errors.push_back(bad_option(
          fmt::format("ending offset for {} can't be earliest for batch queries on Kafka",
                      partition.to_string())));
  }
  check_pair(start, end, errors);
}

}  // namespace

std::string KafkaSubscription::to_string() const {
  std::string list;
  switch (kind) {
    case Kind::none:
      break;
    case Kind::assign:
      return fmt::format("Assign[{}]", stream::to_string(partitions));
    case Kind::topics:
      for (const std::string& topic : topics) list += (list.empty() ? "" : ", ") + topic;
      return fmt::format("Subscribe[{}]", list);
    case Kind::pattern:
      return fmt::format("SubscribePattern[{}]", pattern);
  }
  return "Subscribe[]";
}

std::vector<OptionText> kafka_source_option_texts() { return texts_of(source_table()); }

Result<KafkaSourceOptions> parse_kafka_source_options(OptionMap options, bool is_streaming) {
  std::vector<Error> errors;
  const auto keep = [&errors](auto result) {
    if (!result) errors.push_back(std::move(result).error());
  };
  Written written;
  if (auto client = take_kafka_properties(options, KafkaRole::consumer)) {
    written.options.client = std::move(*client);
  } else {
    errors.push_back(std::move(client).error());
  }
  keep(read_options(source_table(), options, written));
  keep(refuse_unknown(options, kafka_source_option_texts(), "kafka"));
  if (written.strategies.size() != 1)
    errors.push_back(
        bad_option(fmt::format("{} of the following options {} be specified for Kafka source: "
                               "subscribe, subscribePattern, "
                               "assign. See the docs for more details.",
                               written.strategies.empty() ? "One" : "Only one",
                               written.strategies.empty() ? "must" : "can")));
  KafkaSourceOptions& parsed = written.options;
  parsed.start = pick(written.start_timestamp, written.start_by_partition, written.start,
                      is_streaming ? OffsetLimit::Kind::latest : OffsetLimit::Kind::earliest);
  parsed.end =
      pick(written.end_timestamp, written.end_by_partition, written.end, OffsetLimit::Kind::latest);
  if (is_streaming) {
    check_streaming(written, errors);
  } else {
    check_bounded(parsed.start, parsed.end, errors);
    if (parsed.triggers.max_offsets || parsed.triggers.min_offsets || written.has_delay)
      STREAM_LOG(warning,
                 "kafka: maxOffsetsPerTrigger, minOffsetsPerTrigger and maxTriggerDelay do nothing "
                 "in a bounded read");
  }
  if (!parsed.reading.monitoring_group.empty() && !parsed.client.value("group.id").empty() &&
      parsed.client.value("group.id") != parsed.reading.monitoring_group)
    errors.push_back(
        bad_option("monitoringGroup and kafka.group.id: give one of them, or the same"));
  if (errors.empty()) return std::move(parsed);
  return join_errors(errors);
}

}  // namespace stream
