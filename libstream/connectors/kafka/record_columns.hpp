// Rows of the Kafka source: Spark's schema, and the columns that one reader fills from messages.
// Only wanted columns cost anything; bytes are copied once, into blocks of the task's pool. One
// thread.
#pragma once

#include <libstream/data/batch.hpp>
#include <libstream/data/column_builder.hpp>

#include <memory>
#include <string>
#include <vector>

struct rd_kafka_message_s;

namespace stream {

/// key, value BINARY, topic STRING, partition INT, offset BIGINT, timestamp TIMESTAMP,
/// timestampType INT, and with headers: headers ARRAY<STRUCT<key: STRING, value: BINARY>>. All
/// nullable.
const Schema& kafka_schema(bool has_headers);

/// A column of a source's batches: which of kafka_schema(true), and as what field (BINARY may as
/// well be STRING, and what is never null may say so).
struct RecordField {
  std::size_t column = 0;
  Field field;
};
/// The number of a column that is asked for and not read: no record has headers.
inline constexpr std::size_t kNoHeaders = 8;
/// All of kafka_schema(has_headers).
std::vector<RecordField> record_fields(bool has_headers);

class RecordColumns {
 public:
  RecordColumns(const std::vector<RecordField>& fields, BlockPool& pool);
  ~RecordColumns();

  /// The topic of all messages until the next call.
  void set_topic(const std::string& topic);
  void append(rd_kafka_message_s& message);
  std::size_t num_rows() const { return num_rows_; }
  /// Bytes of keys, values and headers since the last batch.
  std::size_t num_bytes() const { return num_bytes_; }
  Batch finish();

 private:
  struct Filled;
  BlockPool* pool_;
  std::shared_ptr<const Schema> schema_;
  std::vector<Filled> filled_;
  BlockRef topic_;
  std::size_t topic_size_ = 0;
  std::size_t num_rows_ = 0;
  std::size_t num_bytes_ = 0;
};

}  // namespace stream
