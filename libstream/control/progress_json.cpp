#include <libstream/control/progress_json.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>

namespace stream {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t number_of(const Json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::optional<double> rate_of(const Json& record, const char* key) {
  const auto found = record.find(key);
  if (found == record.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

/// Offsets are any JSON; one that is no JSON is there as a string.
std::string offset_of(const Json& record, const char* key) {
  const auto found = record.find(key);
  if (found == record.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

EpochMillis time_of(const Json& record, const char* key) {
  using namespace std::chrono;
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int millis = 0;
  const std::string text = text_of(record, key);
  if (std::sscanf(text.c_str(), "%d-%u-%uT%d:%d:%d.%dZ", &year, &month, &day, &hour, &minute,
                  &second, &millis) != 7)
    return 0;
  const sys_days date = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  const auto time = date + hours(hour) + minutes(minute) + seconds(second) + milliseconds(millis);
  return duration_cast<milliseconds>(time.time_since_epoch()).count();
}

SourceProgress source_of(const Json& record) {
  SourceProgress source;
  source.description = text_of(record, "description");
  source.start_offset = offset_of(record, "startOffset");
  source.end_offset = offset_of(record, "endOffset");
  source.num_input_rows = number_of(record, "numInputRows");
  source.input_rows_per_second = rate_of(record, "inputRowsPerSecond");
  source.processed_rows_per_second = rate_of(record, "processedRowsPerSecond").value_or(0);
  return source;
}

SinkProgress sink_of(const Json& record) {
  return {text_of(record, "description"), number_of(record, "numOutputRows")};
}

OperatorStatistics operator_of(const Json& record) {
  OperatorStatistics counters;
  counters.name = text_of(record, "operatorName");
  counters.state_rows = number_of(record, "numRowsTotal");
  counters.state_rows_updated = number_of(record, "numRowsUpdated");
  counters.state_rows_removed = number_of(record, "numRowsRemoved");
  counters.state_bytes = number_of(record, "memoryUsedBytes");
  counters.dropped_by_watermark = number_of(record, "numRowsDroppedByWatermark");
  if (const auto metrics = record.find("customMetrics"); metrics != record.end())
    counters.dropped_duplicates = number_of(*metrics, "numDroppedDuplicateRows");
  counters.is_stateful = true;
  return counters;
}

/// The average is kept as that of one row: to_json prints it again alike.
EventTimeProgress event_time_of(const Json& record) {
  EventTimeProgress times;
  times.watermark = time_of(record, "watermark");
  if (record.contains("max")) {
    EventTimes seen;
    seen.max_millis = time_of(record, "max");
    seen.min_millis = time_of(record, "min");
    seen.sum_millis = time_of(record, "avg");
    seen.count = 1;
    times.seen = seen;
  }
  return times;
}

template <class Take>
void each_of(const Json& record, const char* key, Take take) {
  const auto found = record.find(key);
  if (found == record.end() || !found->is_array()) return;
  for (const Json& item : *found) {
    if (item.is_object()) take(item);
  }
}

}  // namespace

Result<QueryProgress> parse_progress(const std::string& json) {
  const Json record = Json::parse(json, nullptr, false);
  if (!record.is_object() || !record.contains("batchId"))
    return bad_data("the text is no progress record");
  QueryProgress progress;
  progress.id = text_of(record, "id");
  progress.run_id = text_of(record, "runId");
  progress.name = text_of(record, "name");
  progress.timestamp = time_of(record, "timestamp");
  progress.batch_id = number_of(record, "batchId");
  progress.batch_duration_millis = number_of(record, "batchDuration");
  if (const auto durations = record.find("durationMs");
      durations != record.end() && durations->is_object()) {
    for (const auto& [key, millis] : durations->items()) {
      if (millis.is_number_integer()) progress.duration_millis[key] = millis.get<std::int64_t>();
    }
  }
  if (const auto times = record.find("eventTime"); times != record.end() && times->is_object())
    progress.event_time = event_time_of(*times);
  each_of(record, "stateOperators",
          [&](const Json& item) { progress.state_operators.push_back(operator_of(item)); });
  each_of(record, "sources",
          [&](const Json& item) { progress.sources.push_back(source_of(item)); });
  each_of(record, "sinks", [&](const Json& item) { progress.sinks.push_back(sink_of(item)); });
  if (progress.sinks.empty() && record.contains("sink") && record["sink"].is_object())
    progress.sinks.push_back(sink_of(record["sink"]));
  progress.num_rejected_rows = number_of(record, "numRejectedRows");
  progress.num_rows_ahead_of_clock = number_of(record, "numRowsAheadOfClock");
  return progress;
}

}  // namespace stream
