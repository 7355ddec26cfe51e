// A producer of one sink task, with or without transactions. Rows are queued up to a bound and sent
// by the library's threads; failures of rows already queued show at the next call. One thread.
#pragma once

#include <libstream/connectors/kafka/kafka_client.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stream {

struct KafkaRow {
  /// Null where `has_key` or `has_value` is false; a null value is a tombstone.
  std::string_view key, value;
  bool has_key = false, has_value = false;
  std::int32_t partition = -1;  ///< -1: by the key
};

class KafkaProducer {
 public:
  /// `transactional_id` empty: no transactions. Does not wait for a broker.
  static Result<std::unique_ptr<KafkaProducer>> make(const KafkaProperties& properties,
                                                     const std::string& transactional_id);
  ~KafkaProducer();  ///< an open transaction is aborted where that takes no time

  /// Waits for a broker; with transactions, fences every other producer of the id and ends what it
  /// left open.
  Result<void> start();

  /// Queues one row; waits while the queue is full. Headers are taken over.
  Result<void> write(const std::string& topic, const KafkaRow& row,
                     KafkaPtr<rd_kafka_headers_s> headers);
  /// Serves reports of rows that could not be delivered.
  Result<void> check();
  /// Waits until all rows are delivered.
  Result<void> flush();

  bool is_in_transaction() const { return is_in_transaction_; }
  Result<void> begin();
  /// Makes `epoch` the marker of `group`, with the transaction. The group has no member; the offset
  /// it keeps, for partition 0 of `topic`, is the epoch and one.
  Result<void> mark(const std::string& group, const std::string& topic, std::int64_t epoch);
  /// Makes the broker drop a mark of this id in `group` whose transaction is gone: one that was on
  /// its way when the broker died may come in after the end of its transaction, and stay (Kafka
  /// 4.3.1). Done by a transaction that marks the group and is aborted; not within another one.
  Result<void> clear_pending_mark(const std::string& group, const std::string& topic);
  /// Error: it may have gone in all the same; the marker tells.
  Result<void> commit();

 private:
  KafkaProducer() = default;
  Result<rd_kafka_topic_s*> topic_of(const std::string& name);
  Result<void> wait_for_room();
  template <class Call>
  Result<void> carry_out(std::string_view doing, Call call);
  Error failure(rd_kafka_error_s* error, std::string_view doing);
  /// What ends this producer does not end the next one of the same task: the epoch runs again,
  /// unless that cannot help.
  Error failure_of_attempt(int code, std::string_view doing, std::string_view text) const;
  struct Reports;

  struct Topic {
    std::string name;
    KafkaPtr<rd_kafka_topic_s> handle;
  };

  std::unique_ptr<KafkaClient> client_;
  std::vector<Topic> topics_;  // destroyed before the client
  std::size_t last_topic_ = 0;
  bool is_transactional_ = false;
  bool is_in_transaction_ = false;
  bool is_dead_ = false;                // the library refuses every further call
  std::int64_t transaction_began_ = 0;  // steady milliseconds
  int failed_code_ = 0;                 // of the first row that was not delivered
  std::string failed_topic_;
};

}  // namespace stream
