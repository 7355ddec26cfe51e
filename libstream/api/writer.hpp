// write() and write_stream(): where a DataFrame's rows go. Built up by one thread.
#pragma once

#include <libstream/api/data_frame.hpp>
#include <libstream/api/query_start.hpp>
#include <libstream/api/source_registry.hpp>
#include <libstream/api/streaming_query.hpp>

namespace stream {

/// A bounded frame into a format's files.
class DataFrameWriter {
 public:
  explicit DataFrameWriter(DataFrame frame) : frame_(std::move(frame)) {}

  DataFrameWriter& format(std::string name);
  DataFrameWriter& option(const std::string& key, const std::string& value);
  /// error (the default), append, overwrite, ignore.
  DataFrameWriter& mode(const std::string& mode);
  DataFrameWriter& partition_by(std::vector<std::string> columns);

  void save();
  void save(const std::string& path);
  void csv(const std::string& path) { format("csv").save(path); }
  void json(const std::string& path) { format("json").save(path); }
  void text(const std::string& path) { format("text").save(path); }

 private:
  DataFrame frame_;
  WriteRequestByName request_;
};

/// Rows of one epoch for a function of the user; any call of it may come again after a crash, with
/// the same epoch.
using ForeachBatch = std::function<void(const DataFrame& rows, std::int64_t epoch)>;
/// One row for a function of the user.
using ForeachRow = std::function<void(const std::vector<Value>& row)>;

/// An unbounded frame into a sink, as a query.
class DataStreamWriter {
 public:
  explicit DataStreamWriter(DataFrame frame);

  DataStreamWriter& format(std::string name);
  DataStreamWriter& option(const std::string& key, const std::string& value);
  DataStreamWriter& output_mode(OutputMode mode);
  DataStreamWriter& output_mode(const std::string& mode);  ///< append, update, complete
  DataStreamWriter& trigger(Trigger trigger);
  DataStreamWriter& query_name(std::string name);
  DataStreamWriter& partition_by(std::vector<std::string> columns);
  DataStreamWriter& for_each(ForeachRow function);
  DataStreamWriter& for_each_batch(ForeachBatch function);
  /// A sink of the program's own.
  DataStreamWriter& sink(std::shared_ptr<const Sink> sink);
  /// The runner's settings beyond Spark's options (files, clock, listeners, …).
  QueryOptions& query_options() { return options_; }
  const QueryOptions& query_options() const { return options_; }

  const DataFrame& frame() const { return frame_; }
  OutputMode mode() const { return request_.mode; }
  /// Option late_rows: the name of a sink (Session::create_sink, CREATE SINK) that takes the rows
  /// that the frame's last operator with state drops as late.
  const std::string& late_rows() const { return late_rows_; }
  /// Of the writer's own, or by its format. Throws what is wrong with its options.
  std::shared_ptr<const Sink> make_sink() const;

  /// Starts the query. Throws Spark's refusals.
  std::shared_ptr<StreamingQuery> start();
  std::shared_ptr<StreamingQuery> start(const std::string& path);
  /// Into a memory table of that name.
  std::shared_ptr<StreamingQuery> to_table(const std::string& name);

 private:
  QueryOptions options_with_checkpoint() const;

  DataFrame frame_;
  WriteRequestByName request_;
  QueryOptions options_;
  std::shared_ptr<const Sink> sink_;  // else by the format's name
  std::string late_rows_;
};

}  // namespace stream
