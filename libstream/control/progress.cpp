#include <libstream/control/progress.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace stream {
namespace {

std::string quote(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// A plain decimal number. JSON has no infinity and no NaN, so those are left out by the caller.
std::string rate(double value) {
  std::string text = fmt::format("{:.6f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text += '0';
  return text;
}

/// An object written key by key: nlohmann would print large rates in scientific notation.
class ObjectText {
 public:
  ObjectText& raw(std::string_view key, std::string_view value) {
    text_ += fmt::format("{}\"{}\":{}", text_.size() > 1 ? "," : "", key, value);
    return *this;
  }
  ObjectText& text(std::string_view key, const std::string& value) {
    return raw(key, quote(value));
  }
  ObjectText& number(std::string_view key, std::int64_t value) {
    return raw(key, std::to_string(value));
  }
  ObjectText& rate_of(std::string_view key, std::optional<double> value) {
    return value && std::isfinite(*value) ? raw(key, rate(*value)) : *this;
  }
  std::string end() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

template <class Values, class Print>
std::string array_of(const Values& values, Print print) {
  std::string text = "[";
  for (const auto& value : values) {
    if (text.size() > 1) text += ',';
    text += print(value);
  }
  return text + "]";
}

/// Offsets are JSON already; anything else is shown as a string.
std::string offset(const std::string& text) {
  if (text.empty()) return "null";
  if (nlohmann::json::accept(text) && text.find('\n') == std::string::npos) return text;
  return quote(text);
}

std::string iso_8601(EpochMillis time) {
  using namespace std::chrono;
  const sys_time<milliseconds> instant{milliseconds(time)};
  const sys_days day = floor<days>(instant);
  const year_month_day date{day};
  const hh_mm_ss clock{instant - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string source_json(const SourceProgress& source) {
  const std::string& latest =
      source.latest_offset.empty() ? source.end_offset : source.latest_offset;
  ObjectText text;
  text.text("description", source.description)
      .raw("startOffset", offset(source.start_offset))
      .raw("endOffset", offset(source.end_offset))
      .raw("latestOffset", offset(latest))
      .number("numInputRows", source.num_input_rows)
      .rate_of("inputRowsPerSecond", source.input_rows_per_second)
      .rate_of("processedRowsPerSecond", source.processed_rows_per_second);
  if (source.metrics.empty()) return text.end();
  ObjectText metrics;
  for (const auto& [name, value] : source.metrics) metrics.text(name, value);
  return text.raw("metrics", metrics.end()).end();
}

std::string sink_json(const SinkProgress& sink) {
  return ObjectText()
      .text("description", sink.description)
      .number("numOutputRows", sink.num_output_rows)
      .end();
}

std::string operator_json(const OperatorStatistics& counters) {
  return ObjectText()
      .text("operatorName", counters.name)
      .number("numRowsTotal", counters.state_rows)
      .number("numRowsUpdated", counters.state_rows_updated)
      .number("numRowsRemoved", counters.state_rows_removed)
      .number("memoryUsedBytes", counters.state_bytes)
      .number("numRowsDroppedByWatermark", counters.dropped_by_watermark)
      .raw("customMetrics",
           ObjectText().number("numDroppedDuplicateRows", counters.dropped_duplicates).end())
      .end();
}

std::string event_time_json(const EventTimeProgress& times) {
  ObjectText text;
  if (times.seen) {
    text.text("avg",
              iso_8601(static_cast<std::int64_t>(times.seen->sum_millis / times.seen->count)))
        .text("max", iso_8601(times.seen->max_millis))
        .text("min", iso_8601(times.seen->min_millis));
  }
  return text.text("watermark", iso_8601(times.watermark)).end();
}

std::optional<double> input_rate(const QueryProgress& progress) {
  std::optional<double> sum;
  for (const SourceProgress& source : progress.sources) {
    if (source.input_rows_per_second) sum = sum.value_or(0) + *source.input_rows_per_second;
  }
  return sum;
}

}  // namespace

std::int64_t QueryProgress::num_input_rows() const {
  std::int64_t rows = 0;
  for (const SourceProgress& source : sources) rows += source.num_input_rows;
  return rows;
}

double QueryProgress::processed_rows_per_second() const {
  return static_cast<double>(num_input_rows()) * 1000.0 /
         static_cast<double>(std::max<std::int64_t>(1, batch_duration_millis));
}

std::string to_json(const QueryProgress& progress) {
  ObjectText durations;
  for (const auto& [key, millis] : progress.duration_millis) durations.number(key, millis);
  ObjectText record;
  record.text("id", progress.id).text("runId", progress.run_id);
  if (progress.name.empty()) {
    record.raw("name", "null");
  } else {
    record.text("name", progress.name);
  }
  record.text("timestamp", iso_8601(progress.timestamp))
      .number("batchId", progress.batch_id)
      .number("batchDuration", progress.batch_duration_millis)
      .number("numInputRows", progress.num_input_rows())
      .rate_of("inputRowsPerSecond", input_rate(progress))
      .rate_of("processedRowsPerSecond", progress.processed_rows_per_second())
      .raw("durationMs", durations.end());
  if (progress.event_time) record.raw("eventTime", event_time_json(*progress.event_time));
  record.raw("stateOperators", array_of(progress.state_operators, operator_json))
      .raw("sources", array_of(progress.sources, source_json));
  if (!progress.sinks.empty()) record.raw("sink", sink_json(progress.sinks.front()));
  if (progress.sinks.size() > 1) record.raw("sinks", array_of(progress.sinks, sink_json));
  if (progress.num_rejected_rows > 0) record.number("numRejectedRows", progress.num_rejected_rows);
  if (progress.num_rows_ahead_of_clock > 0)
    record.number("numRowsAheadOfClock", progress.num_rows_ahead_of_clock);
  return record.end();
}

}  // namespace stream
