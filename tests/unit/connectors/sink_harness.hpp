// What tasks do with a sink, for tests of sinks.
#pragma once

#include <libstream/connectors/sink.hpp>
#include <libstream/data/column_builder.hpp>
#include <tests/kit/catch.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace stream::testing {

inline std::unique_ptr<SinkWriter> open_writer(const Sink& sink, std::uint32_t task = 0,
                                               std::uint32_t num_tasks = 1) {
  auto writer = sink.make_writer();
  REQUIRE(writer->open({local_file_system(), "query", task, num_tasks, 1}));
  return writer;
}

/// One epoch of one task.
inline Result<void> write_epoch(SinkWriter& writer, std::int64_t epoch, EpochMillis batch_time,
                                const std::vector<Batch>& batches) {
  STREAM_TRY(writer.begin(epoch, batch_time));
  for (const Batch& batch : batches) STREAM_TRY(writer.write(batch));
  STREAM_TRY(writer.end(epoch));
  STREAM_TRY(writer.finish(epoch));
  STREAM_TRY(writer.commit(epoch));
  return {};
}

inline Batch string_batch(const std::vector<std::string>& lines) {
  BlockPool pool;
  ColumnBuilder builder(text_schema()->fields[0].type, pool);
  for (const std::string& line : lines) builder.append_string(line);
  std::vector<Column> columns;
  columns.push_back(builder.finish());
  return Batch(text_schema(), std::move(columns), lines.size());
}

/// A batch of pairs: columns _1 STRING, _2 BIGINT.
inline Batch pair_batch(const std::vector<std::pair<std::string, std::int64_t>>& pairs) {
  static const auto schema = std::make_shared<const Schema>(Schema{
      {{"_1", primitive(TypeKind::string), true}, {"_2", primitive(TypeKind::int64), true}}});
  BlockPool pool;
  ColumnBuilder first(primitive(TypeKind::string), pool);
  ColumnBuilder second(primitive(TypeKind::int64), pool);
  for (const auto& [word, count] : pairs) {
    first.append_string(word);
    second.append(count);
  }
  std::vector<Column> columns;
  columns.push_back(first.finish());
  columns.push_back(second.finish());
  return Batch(schema, std::move(columns), pairs.size());
}

}  // namespace stream::testing
