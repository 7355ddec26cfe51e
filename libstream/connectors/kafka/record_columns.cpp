#include <libstream/connectors/kafka/record_columns.hpp>

#include <librdkafka/rdkafka.h>

#include <cstring>

namespace stream {
namespace {

enum RecordColumn : std::size_t {
  key,
  value,
  topic,
  partition,
  offset,
  timestamp,
  timestamp_type,
  headers
};

void append_bytes(ColumnBuilder& builder, const void* bytes, std::size_t size) {
  if (bytes) {
    builder.append_string({static_cast<const char*>(bytes), size});
  } else {
    builder.append_null();
  }
}

/// A record without headers has null, or an empty array where the column is never null.
void append_no_headers(ColumnBuilder& builder, bool is_nullable) {
  if (is_nullable) {
    builder.append_null();
  } else {
    builder.append_array();
  }
}

std::size_t append_headers(ColumnBuilder& builder, bool is_nullable,
                           const rd_kafka_message_t& message) {
  rd_kafka_headers_t* found = nullptr;
  if (rd_kafka_message_headers(&message, &found) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    append_no_headers(builder, is_nullable);
    return 0;
  }
  ColumnBuilder& entry = builder.child(0);
  std::size_t num_bytes = 0;
  const char* name = nullptr;
  const void* bytes = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(found, i, &name, &bytes, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    entry.child(0).append_string(name);
    append_bytes(entry.child(1), bytes, size);
    entry.append_struct();
    num_bytes += size;
  }
  builder.append_array();
  return num_bytes;
}

}  // namespace

const Schema& kafka_schema(bool has_headers) {
  static const Schema plain{{{"key", primitive(TypeKind::binary), true},
                             {"value", primitive(TypeKind::binary), true},
                             {"topic", primitive(TypeKind::string), true},
                             {"partition", primitive(TypeKind::int32), true},
                             {"offset", primitive(TypeKind::int64), true},
                             {"timestamp", primitive(TypeKind::timestamp), true},
                             {"timestampType", primitive(TypeKind::int32), true}}};
  static const Schema full = [] {
    Schema schema = plain;
    schema.fields.push_back({"headers",
                             array_of(struct_of({{"key", primitive(TypeKind::string), true},
                                                 {"value", primitive(TypeKind::binary), true}}),
                                      true),
                             true});
    return schema;
  }();
  return has_headers ? full : plain;
}

struct RecordColumns::Filled {
  std::size_t column;
  bool is_nullable;
  ColumnBuilder builder;
};

std::vector<RecordField> record_fields(bool has_headers) {
  std::vector<RecordField> fields;
  for (const Field& field : kafka_schema(has_headers).fields)
    fields.push_back({fields.size(), field});
  return fields;
}

RecordColumns::RecordColumns(const std::vector<RecordField>& fields, BlockPool& pool)
    : pool_(&pool) {
  Schema schema;
  for (const RecordField& one : fields) {
    schema.fields.push_back(one.field);
    filled_.push_back({one.column, one.field.is_nullable, ColumnBuilder(one.field.type, pool)});
  }
  schema_ = std::make_shared<const Schema>(std::move(schema));
}

RecordColumns::~RecordColumns() = default;

void RecordColumns::set_topic(const std::string& name) {
  topic_ = pool_->allocate(name.size());
  std::memcpy(topic_.data(), name.data(), name.size());
  topic_size_ = name.size();
  for (Filled& filled : filled_) {
    if (filled.column == topic) filled.builder.adopt({topic_});
  }
}

void RecordColumns::append(rd_kafka_message_s& message) {
  for (Filled& filled : filled_) {
    ColumnBuilder& builder = filled.builder;
    switch (filled.column) {
      case key:
        append_bytes(builder, message.key, message.key_len);
        num_bytes_ += message.key_len;
        break;
      case value:
        append_bytes(builder, message.payload, message.len);
        num_bytes_ += message.len;
        break;
      case topic:
        builder.append_string({topic_.data(), topic_size_});
        break;
      case partition:
        builder.append(message.partition);
        break;
      case offset:
        builder.append(message.offset);
        break;
      case timestamp:
      case timestamp_type: {
        rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        const std::int64_t millis = rd_kafka_message_timestamp(&message, &type);
        if (filled.column == timestamp_type) {
          // Kafka's own numbers: -1 none, 0 of the producer, 1 of the broker.
          builder.append(static_cast<std::int32_t>(type) - 1);
        } else if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) {
          builder.append_null();
        } else {
          builder.append(millis * 1000);
        }
        break;
      }
      case kNoHeaders:
        append_no_headers(builder, filled.is_nullable);
        break;
      default:
        num_bytes_ += append_headers(builder, filled.is_nullable, message);
    }
  }
  ++num_rows_;
}

Batch RecordColumns::finish() {
  std::vector<Column> columns;
  for (Filled& filled : filled_) columns.push_back(filled.builder.finish());
  for (Filled& filled : filled_) {
    if (filled.column == topic && topic_) filled.builder.adopt({topic_});
  }
  num_bytes_ = 0;
  return {schema_, std::move(columns), std::exchange(num_rows_, 0)};
}

}  // namespace stream
