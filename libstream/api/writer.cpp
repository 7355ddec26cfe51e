#include <libstream/api/writer.hpp>
#include <libstream/base/duration.hpp>
#include <libstream/connectors/memory/callback_sink.hpp>
#include <libstream/connectors/rows_source.hpp>

#include <fmt/format.h>

namespace stream {
namespace {

constexpr const char* kCheckpointLocation = "checkpointLocation";
constexpr const char* kCheckpointRoot = "spark.sql.streaming.checkpointLocation";

}  // namespace

DataFrameWriter& DataFrameWriter::format(std::string name) {
  request_.format = std::move(name);
  return *this;
}
DataFrameWriter& DataFrameWriter::option(const std::string& key, const std::string& value) {
  request_.options[key] = value;
  return *this;
}
DataFrameWriter& DataFrameWriter::mode(const std::string& mode) {
  if (mode == "error" || mode == "errorifexists" || mode == "default") {
    request_.save_mode = SaveMode::error_if_exists;
  } else if (mode == "append") {
    request_.save_mode = SaveMode::append;
  } else if (mode == "overwrite") {
    request_.save_mode = SaveMode::overwrite;
  } else if (mode == "ignore") {
    request_.save_mode = SaveMode::ignore;
  } else {
    throw bad_option(
        fmt::format("[INVALID_SAVE_MODE] The specified save mode \"{}\" is invalid. "
                    "Valid save modes include \"append\", \"overwrite\", \"ignore\", "
                    "\"error\", \"errorifexists\", and \"default\".",
                    mode));
  }
  return *this;
}
DataFrameWriter& DataFrameWriter::partition_by(std::vector<std::string> columns) {
  request_.partition_by = std::move(columns);
  return *this;
}
void DataFrameWriter::save(const std::string& path) {
  request_.path = path;
  save();
}
void DataFrameWriter::save() {
  request_.is_streaming = false;
  request_.schema = frame_.schema();
  SessionState& session = *frame_.session();
  BoundedOptions options;
  options.parallelism = session.parallelism();
  options.sink = value_or_throw(make_sink_by_name(session, request_));
  value_or_throw(collect(session, frame_.relation(), options));
}

DataStreamWriter::DataStreamWriter(DataFrame frame) : frame_(std::move(frame)) {
  options_.trigger = Trigger::processing_time(Duration{0});
  options_.checkpoint_interval = Duration{0};
  options_.parallelism = frame_.session()->parallelism();
}

DataStreamWriter& DataStreamWriter::format(std::string name) {
  request_.format = std::move(name);
  return *this;
}
DataStreamWriter& DataStreamWriter::option(const std::string& key, const std::string& value) {
  const IgnoreCaseLess less;
  const auto is = [&](const char* name) { return !less(key, name) && !less(name, key); };
  if (is(kCheckpointLocation)) {
    options_.checkpoint_directory = value;
  } else if (is("late_rows") || is("lateRows")) {
    late_rows_ = value;
  } else {
    request_.options[key] = value;
  }
  return *this;
}
DataStreamWriter& DataStreamWriter::output_mode(OutputMode mode) {
  request_.mode = mode;
  return *this;
}
DataStreamWriter& DataStreamWriter::output_mode(const std::string& mode) {
  if (mode == "append") return output_mode(OutputMode::append);
  if (mode == "update") return output_mode(OutputMode::update);
  if (mode == "complete") return output_mode(OutputMode::complete);
  throw bad_option(
      fmt::format("[STREAMING_OUTPUT_MODE.INVALID] Invalid streaming output mode: {}. "
                  "Write append, update or complete.",
                  mode));
}
DataStreamWriter& DataStreamWriter::trigger(Trigger trigger) {
  options_.trigger = trigger;
  return *this;
}
DataStreamWriter& DataStreamWriter::query_name(std::string name) {
  options_.name = std::move(name);
  return *this;
}
DataStreamWriter& DataStreamWriter::partition_by(std::vector<std::string> columns) {
  request_.partition_by = std::move(columns);
  return *this;
}

DataStreamWriter& DataStreamWriter::for_each(ForeachRow function) {
  CallbackOptions options;
  options.name = "ForeachWriter";
  sink_ = callback_sink(
      [function = std::move(function)](std::int64_t, EpochMillis,
                                       const std::vector<Batch>& batches) -> Result<void> {
        for (const Batch& batch : batches) {
          for (const std::vector<Value>& row : rows_of(batch)) function(row);
        }
        return {};
      },
      std::move(options));
  return *this;
}

DataStreamWriter& DataStreamWriter::for_each_batch(ForeachBatch function) {
  const auto schema = std::make_shared<const Schema>(frame_.schema());
  sink_ = callback_sink(
      // The session owns its queries, so a query must not own the session.
      [function = std::move(function), schema, known = std::weak_ptr(frame_.session())](
          std::int64_t epoch, EpochMillis, const std::vector<Batch>& batches) -> Result<void> {
        const std::shared_ptr<SessionState> session = known.lock();
        if (!session) return fatal("the session is gone; stop its queries first");
        std::vector<std::vector<Value>> rows;
        for (const Batch& batch : batches) {
          for (std::vector<Value>& row : rows_of(batch)) rows.push_back(std::move(row));
        }
        function(DataFrame(session, make_relation(LocalRelation{schema, std::move(rows)})), epoch);
        return {};
      },
      {});
  return *this;
}

DataStreamWriter& DataStreamWriter::sink(std::shared_ptr<const Sink> sink) {
  sink_ = std::move(sink);
  return *this;
}

std::shared_ptr<StreamingQuery> DataStreamWriter::start(const std::string& path) {
  request_.path = path;
  return start();
}

std::shared_ptr<StreamingQuery> DataStreamWriter::to_table(const std::string& name) {
  options_.name = name;
  return format("memory").start();
}

std::shared_ptr<const Sink> DataStreamWriter::make_sink() const {
  if (sink_) return sink_;
  if (request_.format.empty())
    throw bad_option("name a format: write_stream().format(\"console\")");
  WriteRequestByName request = request_;
  request.query_name = options_.name;
  request.schema = frame_.schema();
  return value_or_throw(make_sink_by_name(*frame_.session(), std::move(request)));
}

QueryOptions DataStreamWriter::options_with_checkpoint() const {
  QueryOptions options = options_;
  const std::string root = frame_.session()->settings().get(kCheckpointRoot, "");
  if (!options.checkpoint_directory.empty() || root.empty()) return options;
  if (options_.name.empty())
    throw bad_option(
        fmt::format("{} is set: name the query, so that its folder below it can be "
                    "found again, or give the option {}",
                    kCheckpointRoot, kCheckpointLocation));
  options.checkpoint_directory = root + "/" + options_.name;
  return options;
}

std::shared_ptr<StreamingQuery> DataStreamWriter::start() {
  StreamingOptions options;
  options.mode = request_.mode;
  options.query = options_with_checkpoint();
  options.sink = make_sink();
  options.late_rows = late_rows_;
  SessionState& session = *frame_.session();
  return session.streams().start(session, frame_.relation(), std::move(options));
}

}  // namespace stream
