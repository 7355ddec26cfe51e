#include <libstream/api/pinned_parallelism.hpp>
#include <libstream/api/streaming_context.hpp>
#include <libstream/connectors/kafka/kafka_connector.hpp>
#include <libstream/connectors/standard/stdin_source.hpp>

#include <fmt/format.h>

namespace stream {

StreamingContext::StreamingContext(std::shared_ptr<Runner> runner, Duration interval)
    : runner_(std::move(runner)), graph_(std::make_shared<StreamGraph>(interval)) {
  if (interval.count() <= 0)
    throw bad_option(
        fmt::format("the batch interval is {} ms; it must be positive", interval.count()));
  options_.trigger = Trigger::every(interval);
  options_.run_empty_epochs = true;
}

StreamingContext::StreamingContext(StreamingContext&&) noexcept = default;
StreamingContext& StreamingContext::operator=(StreamingContext&&) noexcept = default;
StreamingContext::~StreamingContext() = default;

StreamingContext StreamingContext::get_or_create(const std::string& checkpoint_directory,
                                                 const std::function<StreamingContext()>& create) {
  StreamingContext context = create();
  context.checkpoint(checkpoint_directory);
  return context;
}

NodeId StreamingContext::add_source(const std::string& operation,
                                    std::shared_ptr<const Source> source, Where where) {
  return graph_->add({step_name(operation, where), {}, 1, SourceNode{std::move(source)}});
}

DStream<std::string> StreamingContext::socket_text_stream(const std::string& host,
                                                          std::uint16_t port, SocketOptions options,
                                                          Where where) {
  options.host = host;
  options.port = port;
  return {graph_, add_source("socket_text_stream",
                             value_or_throw(socket_text_source(std::move(options))), where)};
}

DStream<KafkaRecord> StreamingContext::kafka_stream(OptionMap options, Where where) {
  auto source =
      value_or_throw(make_typed_kafka_source(std::move(options), *row_schema<KafkaRecord>()));
  return {graph_, add_source("kafka_stream", std::move(source), where)};
}

DStream<std::string> StreamingContext::text_file_stream(const std::string& directory, Where where) {
  TextFileOptions options;
  options.path = directory;
  options.existing = false;
  options.remember = remember_window(interval());
  return text_file_stream(std::move(options), where);
}

DStream<std::string> StreamingContext::text_file_stream(TextFileOptions options, Where where) {
  return {graph_, add_source("text_file_stream", text_file_source(std::move(options)), where)};
}

DStream<std::string> StreamingContext::stdin_stream(Where where) {
  return {graph_, add_source("stdin_stream", value_or_throw(stdin_source()), where)};
}

void StreamingContext::add_listener(std::shared_ptr<QueryListener> listener) {
  options_.listeners.push_back(std::move(listener));
}

void StreamingContext::set_trigger(Trigger trigger) {
  options_.trigger = trigger;
  options_.run_empty_epochs = trigger.kind == Trigger::Kind::interval;
}

PhysicalPlan StreamingContext::plan() const {
  return value_or_throw(make_physical_plan(graph_->plan(), options_.parallelism));
}

std::string StreamingContext::explain() const {
  return stream::explain(graph_->plan()) + "\n" + stream::explain(plan());
}

void StreamingContext::start() {
  if (graph_->is_started())
    throw bad_plan(query_ && query_->is_active() ? "the context is running already"
                                                 : "a stopped context cannot be started again");
  value_or_throw(pin_parallelism(options_));
  PhysicalPlan made = plan();
  query_ = value_or_throw(runner_->start(std::move(made), options_));
  graph_->close();
}

void StreamingContext::stop(bool gracefully) {
  if (query_) query_->stop(gracefully);
}

int StreamingContext::await_termination() {
  if (!query_) throw bad_plan("await_termination: the context has not been started");
  value_or_throw(query_->await_termination(std::nullopt));
  return 0;
}

bool StreamingContext::await_termination(Duration timeout) {
  if (!query_) throw bad_plan("await_termination: the context has not been started");
  return value_or_throw(query_->await_termination(timeout));
}

void StreamingContext::run_epochs(std::size_t epochs) {
  if (!query_) throw bad_plan("run_epochs: the context has not been started");
  value_or_throw(query_->run_epochs(epochs));
}

void StreamingContext::rescale(std::uint32_t parallelism) {
  if (!query_) throw bad_plan("rescale: the context has not been started");
  value_or_throw(query_->rescale(parallelism));
}

bool StreamingContext::is_active() const { return query_ && query_->is_active(); }

std::optional<QueryProgress> StreamingContext::last_progress() const {
  return query_ ? query_->last_progress() : std::nullopt;
}

}  // namespace stream
