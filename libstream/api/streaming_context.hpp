// StreamingContext: where a DStream program begins and ends. Build streams, then start; one thread
// builds, any thread may stop or wait.
#pragma once

#include <libstream/api/dstream.hpp>
#include <libstream/api/kafka_record.hpp>
#include <libstream/api/queue_stream.hpp>
#include <libstream/connectors/files/text_file_source.hpp>
#include <libstream/connectors/socket/socket_text_source.hpp>
#include <libstream/formats/format_options.hpp>
#include <libstream/plans/runner.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace stream {

class StreamingContext {
 public:
  /// Batches are cut at multiples of `interval` since 1970.
  StreamingContext(std::shared_ptr<Runner> runner, Duration interval);
  StreamingContext(StreamingContext&&) noexcept;
  StreamingContext& operator=(StreamingContext&&) noexcept;
  ~StreamingContext();  ///< stops, not gracefully

  /// The context of an existing checkpoint, with its state and offsets, else a new one. As the
  /// program is compiled, `create` builds the streams in both cases; they must be those of the
  /// checkpoint, else start() says what differs.
  static StreamingContext get_or_create(const std::string& checkpoint_directory,
                                        const std::function<StreamingContext()>& create);

  // ---- inputs ----

  /// Lines from a TCP server.
  DStream<std::string> socket_text_stream(const std::string& host, std::uint16_t port,
                                          SocketOptions options = {},
                                          Where where = Where::current());
  /// Lines of files that appear in `directory`; `options.existing` takes those there too.
  DStream<std::string> text_file_stream(const std::string& directory,
                                        Where where = Where::current());
  DStream<std::string> text_file_stream(TextFileOptions options, Where where = Where::current());
  /// One queued element an interval.
  template <class T>
  QueueStream<T> queue_stream(bool one_at_a_time = true, Where where = Where::current()) {
    auto queue = std::make_shared<QueueSource>(row_schema<T>(),
                                               QueueOptions{.one_at_a_time = one_at_a_time});
    return {DStream<T>(graph_, add_source("queue_stream", queue, where)), queue};
  }
  /// Records of Kafka topics, each task reading its partitions straight from the brokers and the
  /// checkpoint keeping the offsets. Options are those of format("kafka"), for example
  /// {{"kafka.bootstrap.servers", "localhost:9092"}, {"subscribe", "payments"}}.
  DStream<KafkaRecord> kafka_stream(OptionMap options, Where where = Where::current());
  DStream<std::string> stdin_stream(Where where = Where::current());
  /// Any source whose rows have the columns of T.
  template <class T>
  DStream<T> source_stream(std::shared_ptr<const Source> source, Where where = Where::current()) {
    if (!(source->schema() == *row_schema<T>()))
      throw bad_plan("source_stream: " + source->description() + " gives " +
                     source->schema().to_string() + ", not " + row_schema<T>()->to_string());
    return {graph_, add_source("source_stream", std::move(source), where)};
  }

  // ---- settings, before start ----

  /// Keeps offsets, state and progress in `directory`, so that the query survives a crash.
  void checkpoint(std::string directory) { options_.checkpoint_directory = std::move(directory); }
  void add_listener(std::shared_ptr<QueryListener> listener);
  /// Parallelism, trigger, name and the rest; the trigger is every interval unless given.
  QueryOptions& options() { return options_; }
  /// Replaces the interval trigger, for programs that run until their input is used up.
  void set_trigger(Trigger trigger);

  // ---- life ----

  /// Starts the query. Throws Error listing what is wrong; R-212: without an output nothing starts.
  void start();
  /// Graceful: received rows are processed first. Does nothing when not running.
  void stop(bool gracefully = false);
  /// Waits for the end; throws the query's error. Returns 0, for main.
  int await_termination();
  /// False when `timeout` passed first.
  bool await_termination(Duration timeout);
  /// Manual trigger: runs epochs and returns when they are committed.
  void run_epochs(std::size_t epochs);
  /// Another parallelism from the next epoch on, with the state; returns when the new tasks run.
  void rescale(std::uint32_t parallelism);
  bool is_active() const;
  std::optional<QueryProgress> last_progress() const;

  /// The physical plan: what start() runs; for embedding and explain.
  PhysicalPlan plan() const;
  std::string explain() const;
  Duration interval() const { return graph_->interval(); }

 private:
  NodeId add_source(const std::string& operation, std::shared_ptr<const Source> source,
                    Where where);

  std::shared_ptr<Runner> runner_;
  std::shared_ptr<StreamGraph> graph_;
  QueryOptions options_;
  std::unique_ptr<RunningQuery> query_;
};

}  // namespace stream
