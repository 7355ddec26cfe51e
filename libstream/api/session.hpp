// Session: where a DataFrame or SQL program begins. Spark's SparkSession. Handles share one state;
// any thread.
#pragma once

#include <libstream/api/reader.hpp>
#include <libstream/api/typed_frame.hpp>
#include <libstream/api/user_function.hpp>
#include <libstream/api/writer.hpp>

namespace stream {

class Session {
 public:
  explicit Session(std::shared_ptr<Runner> runner);

  /// Settings by Spark's keys.
  Session& conf(const std::string& key, const std::string& value);
  std::string conf(const std::string& key) const;
  /// Tasks of each stage of the queries started from now on.
  Session& parallelism(std::uint32_t tasks);

  DataFrameReader read() const { return {state_, false}; }
  DataFrameReader read_stream() const { return {state_, true}; }
  /// A query's frame.
  DataFrame sql(const std::string& query) const;
  /// A view, table or stream by name.
  DataFrame table(const std::string& name) const;
  DataFrame range(std::int64_t start, std::int64_t end, std::int64_t step = 1) const;
  /// Rows written down: create_data_frame("id INT, name STRING", {{1, "Ann"}, {2, nullptr}}).
  DataFrame create_data_frame(const std::string& schema,
                              const std::vector<std::vector<Col>>& rows) const;
  DataFrame create_data_frame(Schema schema, std::vector<std::vector<Value>> rows) const;
  /// Any source of the program's own.
  DataFrame from_source(std::shared_ptr<const Source> source, bool is_streaming) const;

  /// Makes a function of the program usable in SQL and by call_function: udf("twice",
  /// [](std::int64_t x) { return 2 * x; }). Arguments are cast to its parameter types; a null
  /// argument gives null.
  template <class Function>
  void udf(const std::string& name, Function function) {
    state_->add_function(user_function(name, std::move(function)));
  }

  /// One query with several outputs, which commit together; a source that several read is read
  /// once, a cached frame computed once. Trigger, checkpoint, name and listeners are those of
  /// `options`, modes and sinks those of the writers. State is filed by a writer's place and query
  /// name, but for the first one's.
  std::shared_ptr<StreamingQuery> start_all(const std::vector<DataStreamWriter>& outputs,
                                            QueryOptions options) const;
  /// A sink by name, as CREATE SINK makes it: for bad_records and late_rows, and for INSERT.
  Session& create_sink(const std::string& name, const std::string& format,
                       const std::map<std::string, std::string>& options = {});

  StreamingQueryManager& streams() const;
  const std::shared_ptr<SessionState>& state() const { return state_; }

 private:
  std::shared_ptr<SessionState> state_;
};

}  // namespace stream
