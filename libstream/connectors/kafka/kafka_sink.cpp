#include <libstream/base/check.hpp>
#include <libstream/connectors/kafka/kafka_connector.hpp>
#include <libstream/connectors/kafka/kafka_marker.hpp>
#include <libstream/connectors/kafka/kafka_marker_reader.hpp>
#include <libstream/connectors/kafka/kafka_producer.hpp>
#include <libstream/connectors/kafka/kafka_sink_options.hpp>
#include <libstream/connectors/memory/no_commit.hpp>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

namespace stream {
namespace {

struct KafkaSinkPlan {
  KafkaSinkOptions options;
  bool is_exact = true;
};

/// The headers of one row, or none: the column is null or empty.
KafkaPtr<rd_kafka_headers_s> headers_of(const Column& column, std::size_t row) {
  if (column.is_null(row)) return {};
  const auto* offsets = column.data<std::int64_t>();
  const Column& entries = column.children[0];
  const Column& names = entries.children[0];
  const Column& values = entries.children[1];
  if (offsets[row] == offsets[row + 1]) return {};
  KafkaPtr<rd_kafka_headers_s> headers(
      rd_kafka_headers_new(static_cast<std::size_t>(offsets[row + 1] - offsets[row])));
  for (auto i = static_cast<std::size_t>(offsets[row]);
       i < static_cast<std::size_t>(offsets[row + 1]); ++i) {
    const std::string_view name = names.is_null(i) ? std::string_view() : names.string_at(i);
    const bool is_null = values.is_null(i);
    const std::string_view value = is_null ? std::string_view() : values.string_at(i);
    rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()),
                        is_null ? nullptr : value.data(), static_cast<ssize_t>(value.size()));
  }
  return headers;
}

/// The producer is made with the first row: an idle query holds no connection, and a task knows
/// before it writes what its predecessor left.
class KafkaWriter final : public SinkWriter {
 public:
  explicit KafkaWriter(std::shared_ptr<const KafkaSinkPlan> plan) : plan_(std::move(plan)) {}

  Result<void> open(const SinkContext& context) override {
    history_ = context.history;
    id_ = fmt::format("{}/{}/{}", context.query_id, context.sink, context.task);
    return {};
  }

  Result<void> begin(std::int64_t epoch, EpochMillis) override {
    epoch_ = epoch;
    return {};
  }

  Result<void> write(const Batch& batch) override {
    if (batch.num_rows() == 0) return {};
    if (!producer_) STREAM_TRY(start(batch));
    // What went in and was not committed by the query is not written again.
    if (plan_->is_exact && epoch_ <= marker_) return {};
    if (plan_->is_exact && !producer_->is_in_transaction()) STREAM_TRY(producer_->begin());
    for (std::size_t row = 0; row < batch.num_rows(); ++row) STREAM_TRY(write_row(batch, row));
    return producer_->check();
  }

  Result<std::string> finish(std::int64_t epoch) override {
    if (!producer_) return history_.last_message;
    if (!plan_->is_exact) {
      STREAM_TRY(producer_->flush());
      return std::string();
    }
    if (producer_->is_in_transaction()) {
      STREAM_TRY(producer_->flush());
      STREAM_TRY(producer_->mark(id_, marker_topic(), epoch));
      finished_ = epoch;
    }
    return message(std::max(finished_, marker_));
  }

  Result<void> commit(std::int64_t epoch) override {
    if (!producer_ || !producer_->is_in_transaction()) return {};
    STREAM_CHECK(finished_ == epoch, "a transaction of another epoch");
    STREAM_TRY(producer_->commit());
    marker_ = epoch;
    return {};
  }

 private:
  static std::string message(std::int64_t marker) {
    return marker < 0 ? std::string() : std::to_string(marker);
  }

  /// The group's marker needs a topic that exists: the sink's, or the one that was written to last.
  const std::string& marker_topic() const {
    return plan_->options.topic.empty() ? row_topic_ : plan_->options.topic;
  }

  Result<void> start(const Batch& batch) {
    STREAM_TRY(columns_, find_kafka_columns(batch.schema(), plan_->options));
    if (columns_.topic) STREAM_TRY(take_topic(batch.column(*columns_.topic), 0));
    STREAM_TRY(auto producer, KafkaProducer::make(plan_->options.properties,
                                                  plan_->is_exact ? id_ : std::string()));
    STREAM_TRY(producer->start());
    if (plan_->is_exact) {
      STREAM_TRY(const auto found,
                 read_kafka_marker(plan_->options.properties, id_, plan_->options.topic, [&] {
                   return producer->clear_pending_mark(id_, marker_topic());
                 }));
      STREAM_TRY(marker_, judge_kafka_marker(found, history_, id_));
    }
    producer_ = std::move(producer);
    return {};
  }

  Result<void> take_topic(const Column& topics, std::size_t number) {
    if (topics.is_null(number))
      return fatal(
          "kafka: null topic present in the data. Use the topic option for setting a topic.");
    row_topic_.assign(topics.string_at(number));
    return {};
  }

  Result<void> write_row(const Batch& batch, std::size_t number) {
    KafkaRow row;
    const Column& value = batch.column(columns_.value);
    row.has_value = !value.is_null(number);
    if (row.has_value) row.value = value.string_at(number);
    if (columns_.key) {
      const Column& key = batch.column(*columns_.key);
      row.has_key = !key.is_null(number);
      if (row.has_key) row.key = key.string_at(number);
    }
    if (columns_.partition) {
      const Column& partition = batch.column(*columns_.partition);
      if (!partition.is_null(number)) row.partition = partition.data<std::int32_t>()[number];
    }
    if (columns_.topic) STREAM_TRY(take_topic(batch.column(*columns_.topic), number));
    return producer_->write(
        marker_topic(), row,
        columns_.headers ? headers_of(batch.column(*columns_.headers), number) : nullptr);
  }

  std::shared_ptr<const KafkaSinkPlan> plan_;
  SinkHistory history_;
  std::string id_;  // of the transactions, and the group of the marker
  KafkaSinkColumns columns_;
  std::unique_ptr<KafkaProducer> producer_;
  std::string row_topic_;
  std::int64_t epoch_ = -1;
  std::int64_t marker_ = -1;    // the newest epoch that is in
  std::int64_t finished_ = -1;  // the newest epoch that was ended
};

class KafkaSink final : public Sink {
 public:
  explicit KafkaSink(std::shared_ptr<const KafkaSinkPlan> plan) : plan_(std::move(plan)) {}

  std::string description() const override {
    const std::string& topic = plan_->options.topic;
    return topic.empty() ? std::string("KafkaSink") : fmt::format("KafkaSink[{}]", topic);
  }
  SinkKind kind() const override { return plan_->is_exact ? SinkKind::marker : SinkKind::direct; }
  bool may_block() const override { return true; }
  Result<void> check(const Schema& schema) const override {
    STREAM_TRY(find_kafka_columns(schema, plan_->options));
    // What the client thinks of its properties is known before anything starts.
    STREAM_TRY(KafkaProducer::make(plan_->options.properties,
                                   plan_->is_exact ? std::string("check") : std::string()));
    return {};
  }
  std::unique_ptr<SinkWriter> make_writer() const override {
    return std::make_unique<KafkaWriter>(plan_);
  }
  std::unique_ptr<SinkCommitter> make_committer() const override {
    return std::make_unique<NoCommit>();
  }

 private:
  std::shared_ptr<const KafkaSinkPlan> plan_;
};

}  // namespace

Result<std::shared_ptr<const Sink>> make_kafka_sink(OptionMap options, bool is_streaming) {
  auto plan = std::make_shared<KafkaSinkPlan>();
  STREAM_TRY(plan->options, parse_kafka_sink_options(std::move(options)));
  const auto usual = is_streaming ? KafkaDelivery::exactly_once : KafkaDelivery::at_least_once;
  plan->is_exact = plan->options.delivery.value_or(usual) == KafkaDelivery::exactly_once;
  return std::shared_ptr<const Sink>(std::make_shared<KafkaSink>(std::move(plan)));
}

}  // namespace stream
