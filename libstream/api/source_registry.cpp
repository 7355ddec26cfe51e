#include <libstream/api/memory_table.hpp>
#include <libstream/api/side_outputs.hpp>
#include <libstream/api/source_registry.hpp>
#include <libstream/base/ascii.hpp>
#include <libstream/base/duration.hpp>
#include <libstream/connectors/generator/rate_micro_batch_source.hpp>
#include <libstream/connectors/generator/rate_source.hpp>
#include <libstream/connectors/kafka/kafka_connector.hpp>
#include <libstream/connectors/memory/callback_sink.hpp>
#include <libstream/connectors/postgresql/postgresql.hpp>
#include <libstream/connectors/socket/socket_text_source.hpp>
#include <libstream/connectors/standard/console_table_sink.hpp>
#include <libstream/formats/file_format.hpp>
#include <libstream/plans/scope.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace stream {
namespace {

RelationRef source_relation(std::shared_ptr<const Source> source, bool is_streaming) {
  return make_relation(SourceRelation{std::move(source), is_streaming});
}

template <class T>
Result<void> set_integer(T& target, const std::string& value) {
  STREAM_TRY(const std::int64_t number, option_integer(value));
  if (number < 0) return bad_option("must not be negative");
  target = static_cast<T>(number);
  return {};
}

const OptionTable<SocketOptions>& socket_table() {
  static const OptionTable<SocketOptions> table = {
      {{"host", "", "", "the server's name or address"},
       [](SocketOptions& o, const std::string& v) -> Result<void> {
         o.host = v;
         return {};
       }},
      {{"port", "", "", "its port"},
       [](SocketOptions& o, const std::string& v) -> Result<void> {
         STREAM_TRY(const std::int64_t port, option_integer(v));
         if (port < 1 || port > 65535) return bad_option("must be 1 to 65535");
         o.port = static_cast<std::uint16_t>(port);
         return {};
       }},
      {{"reconnect", "", "true", "connect again when the peer closes"},
       [](SocketOptions& o, const std::string& v) -> Result<void> {
         STREAM_TRY(o.reconnect, option_flag(v));
         return {};
       }},
      {{"writeAheadLog", "", "false", "log what was received in the checkpoint before it counts"},
       [](SocketOptions& o, const std::string& v) -> Result<void> {
         STREAM_TRY(o.write_ahead_log, option_flag(v));
         return {};
       }},
  };
  return table;
}

const OptionTable<RateOptions>& rate_table() {
  static const OptionTable<RateOptions> table = {
      {{"rowsPerSecond", "", "1", "how many rows a second"},
       [](RateOptions& o, const std::string& v) { return set_integer(o.rows_per_second, v); }},
      {{"rampUpTime", "", "0s", "how long the rate grows"},
       [](RateOptions& o, const std::string& v) -> Result<void> {
         STREAM_TRY(const Duration time, parse_duration(v));
         o.ramp_up = std::chrono::duration_cast<std::chrono::seconds>(time);
         return {};
       }},
      {{"numPartitions", "", "1", "how many tasks read"},
       [](RateOptions& o, const std::string& v) { return set_integer(o.num_partitions, v); }},
  };
  return table;
}

const OptionTable<RateMicroBatchOptions>& rate_micro_batch_table() {
  using Options = RateMicroBatchOptions;
  static const OptionTable<Options> table = {
      {{"rowsPerBatch", "", "", "how many rows an epoch"},
       [](Options& o, const std::string& v) { return set_integer(o.rows_per_batch, v); }},
      {{"numPartitions", "", "1", "how many tasks read"},
       [](Options& o, const std::string& v) { return set_integer(o.num_partitions, v); }},
      {{"startTimestamp", "", "0", "milliseconds since 1970 of the first epoch"},
       [](Options& o, const std::string& v) { return set_integer(o.start_timestamp, v); }},
      {{"advanceMillisPerBatch", "", "1000", "how far time moves an epoch"},
       [](Options& o, const std::string& v) { return set_integer(o.advance_millis_per_batch, v); }},
  };
  return table;
}

Result<RelationRef> make_socket(OptionMap options) {
  SocketOptions socket;
  STREAM_TRY(read_options(socket_table(), options, socket));
  bool has_timestamp = false;
  if (const auto found = options.find("includeTimestamp"); found != options.end()) {
    STREAM_TRY(has_timestamp, option_flag(found->second));
    options.erase(found);
  }
  STREAM_TRY(refuse_unknown(options, texts_of(socket_table()), "socket"));
  STREAM_TRY(auto source, socket_text_source(std::move(socket)));
  RelationRef lines = source_relation(std::move(source), true);
  if (!has_timestamp) return lines;
  ChangeColumnsRelation change;
  change.input = std::move(lines);
  change.set = {{"timestamp", make_call("current_timestamp", {})}};
  return make_relation(std::move(change));
}

Result<RelationRef> make_rate(OptionMap options) {
  RateOptions rate;
  STREAM_TRY(read_options(rate_table(), options, rate));
  STREAM_TRY(refuse_unknown(options, texts_of(rate_table()), "rate"));
  STREAM_TRY(auto source, rate_source(rate));
  ChangeColumnsRelation change;
  change.input = source_relation(std::move(source), true);
  change.set = {{"timestamp", make_call("timestamp_millis", {make_column("timestamp")})}};
  return make_relation(std::move(change));
}

Result<RelationRef> make_rate_micro_batch(OptionMap options) {
  RateMicroBatchOptions rate;
  STREAM_TRY(read_options(rate_micro_batch_table(), options, rate));
  STREAM_TRY(refuse_unknown(options, texts_of(rate_micro_batch_table()), "rate-micro-batch"));
  STREAM_TRY(auto source, rate_micro_batch_source(rate));
  return source_relation(std::move(source), true);
}

/// `jdbc` is what Spark's users call it.
bool is_postgresql(const std::string& format) { return format == "postgresql" || format == "jdbc"; }

std::vector<std::string> with_postgresql(std::vector<std::string> formats) {
  if (!postgresql_absence().empty()) return formats;
  formats.insert(formats.end(), {"jdbc", "postgresql"});
  std::sort(formats.begin(), formats.end());
  return formats;
}

Result<std::shared_ptr<const Sink>> make_postgresql(WriteRequestByName request) {
  PostgresSinkRequest made;
  made.options = std::move(request.options);
  made.schema = std::move(request.schema);
  made.is_streaming = request.is_streaming;
  made.write = request.mode == OutputMode::append   ? TableWrite::append
               : request.mode == OutputMode::update ? TableWrite::upsert
                                                    : TableWrite::replace;
  made.save_mode = request.save_mode;
  return make_postgresql_sink(std::move(made));
}

Error unknown_format(const std::string& format, std::vector<std::string> known) {
  for (const AbsentFormat& absent : absent_formats()) {
    if (absent.name == ascii_lower(format)) return bad_option(absent.reason);
  }
  std::string names;
  for (const std::string& name : nearest_names(format, std::move(known), 3))
    names += (names.empty() ? "" : ", ") + name;
  return bad_option(
      fmt::format("[DATA_SOURCE_NOT_FOUND] Failed to find the data source: {}. Did "
                  "you mean one of: {}?",
                  format, names));
}

}  // namespace

std::vector<std::string> source_formats() {
  std::vector<std::string> names = {"csv", "json", "rate", "rate-micro-batch", "socket", "text"};
  if (kafka_absence().empty()) names.insert(names.begin() + 2, "kafka");
  return with_postgresql(std::move(names));
}
std::vector<std::string> sink_formats() {
  std::vector<std::string> formats = {"console", "csv", "json", "memory", "noop", "text"};
  if (kafka_absence().empty()) formats.insert(formats.begin() + 3, "kafka");
  return with_postgresql(std::move(formats));
}

std::vector<AbsentFormat> absent_formats() {
  std::vector<AbsentFormat> absent;
  if (!kafka_absence().empty()) absent.push_back({"kafka", std::string(kafka_absence())});
  if (!postgresql_absence().empty()) {
    for (const char* name : {"jdbc", "postgresql"})
      absent.push_back({name, std::string(postgresql_absence())});
  }
  return absent;
}

namespace {

/// Option bad_records = fail | drop | a sink: the format's mode says what becomes of its rows.
Result<std::string> take_bad_records(ReadRequestByName& request) {
  const auto found = request.options.find("bad_records");
  if (found == request.options.end()) return std::string();
  std::string sink = found->second;
  request.options.erase(found);
  if (sink.empty()) return bad_option("bad_records: write fail, drop or the name of a sink");
  const bool fails = ascii_lower(sink) == "fail";
  const bool drops = ascii_lower(sink) == "drop";
  const auto known = format_option_texts(ascii_lower(request.format));
  const bool has_mode = std::any_of(known.begin(), known.end(),
                                    [](const OptionText& option) { return option.name == "mode"; });
  if (has_mode) {
    const std::string mode = fails ? "FAILFAST" : "DROPMALFORMED";
    const auto given = request.options.find("mode");
    if (given != request.options.end() && ascii_lower(given->second) != ascii_lower(mode))
      return bad_option(
          fmt::format("bad_records = {} and mode = {} contradict each other: leave mode out", sink,
                      given->second));
    request.options["mode"] = mode;
  } else if (fails) {
    return bad_option(
        fmt::format("bad_records: {} cannot fail for a bad record, it keeps them aside; write drop "
                    "or the name of a sink",
                    request.format));
  }
  return fails || drops ? std::string() : sink;
}

Result<RelationRef> make_plain_relation(const SessionState& session, ReadRequestByName request) {
  const std::string format = ascii_lower(request.format);
  if (is_file_format(format)) {
    if (const auto path = request.options.find("path"); path != request.options.end()) {
      request.paths.push_back(path->second);
      request.options.erase(path);
    }
    if (request.paths.empty())
      return bad_option(
          fmt::format("{}: option path is missing: name a file, a folder or a glob", format));
    STREAM_TRY(auto source, make_file_source(format, request.paths, std::move(request.options),
                                             std::move(request.schema), request.is_streaming,
                                             session.settings()));
    return source_relation(std::move(source), request.is_streaming);
  }
  if (format == "kafka" && kafka_absence().empty()) {
    if (request.schema)
      return bad_option("Kafka source has a fixed schema and cannot be set with a custom one");
    STREAM_TRY(auto source, make_kafka_source(std::move(request.options), request.is_streaming));
    return source_relation(std::move(source), request.is_streaming);
  }
  if (is_postgresql(format)) {
    if (request.schema)
      return bad_option(fmt::format("{} does not take a schema: the table has one", format));
    STREAM_TRY(auto source,
               make_postgresql_source(std::move(request.options), request.is_streaming));
    return source_relation(std::move(source), request.is_streaming);
  }
  if (format != "socket" && format != "rate" && format != "rate-micro-batch")
    return unknown_format(request.format, source_formats());
  if (!request.is_streaming)
    return bad_option(fmt::format("{} can only be read as a stream: use read_stream()", format));
  if (request.schema)
    return bad_option(fmt::format("{} does not take a schema: it has its own", format));
  if (format == "socket") return make_socket(std::move(request.options));
  if (format == "rate") return make_rate(std::move(request.options));
  return make_rate_micro_batch(std::move(request.options));
}

}  // namespace

Result<RelationRef> make_relation_by_name(const SessionState& session, ReadRequestByName request) {
  STREAM_TRY(const std::string bad_records, take_bad_records(request));
  STREAM_TRY(RelationRef relation, make_plain_relation(session, std::move(request)));
  if (bad_records.empty()) return relation;
  return with_bad_records(relation, bad_records);
}

Result<std::shared_ptr<const Sink>> make_sink_by_name(SessionState& session,
                                                      WriteRequestByName request) {
  const std::string format = ascii_lower(request.format);
  if (is_file_format(format)) {
    if (const auto path = request.options.find("path"); path != request.options.end()) {
      request.path = path->second;
      request.options.erase(path);
    }
    if (request.path.empty())
      return bad_option(fmt::format("{}: option path is missing: name a folder", format));
    if (request.is_streaming && request.mode != OutputMode::append)
      return bad_plan(
          fmt::format("[STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE] Data source {} "
                      "does not support this output mode; use append.",
                      format));
    FileSinkRequest file;
    file.format = format;
    file.path = std::move(request.path);
    file.options = std::move(request.options);
    file.partition_by = std::move(request.partition_by);
    file.is_streaming = request.is_streaming;
    file.mode = request.save_mode;
    file.schema = std::move(request.schema);
    return make_file_sink(std::move(file), session.settings());
  }
  if (is_postgresql(format)) return make_postgresql(std::move(request));
  if (format == "console")
    return make_console_table_sink(std::move(request.options), request.schema, session.settings());
  if (format == "kafka" && kafka_absence().empty()) {
    if (!request.is_streaming && request.save_mode != SaveMode::append &&
        request.save_mode != SaveMode::error_if_exists)
      return bad_option(
          "Save mode not allowed for Kafka. Allowed save modes are Append and ErrorIfExists "
          "(default).");
    return make_kafka_sink(std::move(request.options), request.is_streaming);
  }
  if (format == "noop") {
    return std::shared_ptr<const Sink>(callback_sink(
        [](std::int64_t, EpochMillis, const std::vector<Batch>&) { return Result<void>(); },
        {"NoopSink"}));
  }
  if (format == "memory") {
    if (request.query_name.empty())
      return bad_option("[_LEGACY_ERROR_TEMP] queryName must be specified for memory sink");
    auto table = std::make_shared<MemoryTable>(std::move(request.schema), request.mode);
    STREAM_TRY(session.add_table(request.query_name, table));
    return memory_table_sink(std::move(table));
  }
  return unknown_format(request.format, sink_formats());
}

}  // namespace stream
