// The rows of a `memory` sink, which the session shows as a table named after its query.
// Any thread.
#pragma once

#include <libstream/connectors/sink.hpp>
#include <libstream/data/value.hpp>
#include <libstream/operators/evaluation_settings.hpp>

#include <map>
#include <mutex>

namespace stream {

class MemoryTable {
 public:
  MemoryTable(Schema schema, OutputMode mode)
      : schema_(std::make_shared<const Schema>(std::move(schema))), mode_(mode) {}

  const std::shared_ptr<const Schema>& schema() const { return schema_; }
  /// The rows so far: in complete mode the newest epoch's, else those of all epochs, in order.
  std::vector<std::vector<Value>> rows() const;
  /// Takes an epoch's rows; one that comes again replaces itself.
  void put(std::int64_t epoch, const std::vector<Batch>& batches);

 private:
  std::shared_ptr<const Schema> schema_;
  OutputMode mode_;
  mutable std::mutex mutex_;
  std::map<std::int64_t, std::vector<std::vector<Value>>> epochs_;  // guarded by mutex_
};

std::shared_ptr<const Sink> memory_table_sink(std::shared_ptr<MemoryTable> table);

}  // namespace stream
