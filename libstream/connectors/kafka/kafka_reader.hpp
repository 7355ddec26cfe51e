// Reads ranges of offsets with one client a task. A partition stays open from epoch to epoch, so
// that its next records are there already; a range ends by position, not by records: control
// records and aborted ones take offsets too. `read` waits, in slices: its task runs detached.
#pragma once

#include <libstream/connectors/kafka/kafka_client.hpp>
#include <libstream/connectors/kafka/kafka_source_options.hpp>
#include <libstream/connectors/kafka/offset_planning.hpp>
#include <libstream/connectors/kafka/record_columns.hpp>
#include <libstream/connectors/source.hpp>

#include <map>
#include <memory>
#include <optional>

struct rd_kafka_message_s;

namespace stream {

class KafkaReader final : public SourceReader {
 public:
  KafkaReader(std::shared_ptr<const KafkaSourceOptions> options, std::vector<RecordField> fields);
  ~KafkaReader() override;

  Result<void> start(const ReaderContext& context) override;
  Result<void> open(const Split& split) override;
  Result<ReadStatus> read(Batch& batch) override;

 private:
  /// A partition that the client fetches.
  struct Fetched {
    KafkaPtr<rd_kafka_topic_s> topic;
    KafkaPtr<rd_kafka_queue_s> queue;
    std::int32_t partition = 0;
    std::int64_t next = -1;  // offset of the next message of `queue`; -1: unknown
    std::uint64_t last_open = 0;
    bool is_started = false;
    ~Fetched();
    void stop();
  };
  struct Failure {
    int code = 0;
    std::string text;
  };

  static void on_message(rd_kafka_message_s* message, void* opaque);
  void take(rd_kafka_message_s& message);
  bool is_full() const;
  Result<void> make_client();
  Result<void> start_fetching(std::int64_t from);
  void forget_unused();
  void consume(Duration wait);
  Result<void> resolve_failure();
  Result<OutOfRange> ask_what_is_there();
  Result<ReadStatus> wait_for_more();
  std::string place() const { return range_.to_string(); }

  std::shared_ptr<const KafkaSourceOptions> options_;
  std::vector<RecordField> fields_;
  std::optional<ReaderContext> context_;
  std::unique_ptr<RecordColumns> columns_;
  std::unique_ptr<KafkaClient> client_;
  std::map<TopicPartition, Fetched> fetched_;
  Fetched* current_ = nullptr;
  OffsetRange range_;
  std::int64_t position_ = 0;  // everything of the range before it has been seen
  bool has_overshot_ = false;
  std::optional<Failure> failure_;
  std::int64_t progress_at_ = 0;  // steady nanoseconds
  std::uint64_t num_opens_ = 0;
};

}  // namespace stream
