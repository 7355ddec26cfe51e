#include <libstream/api/memory_table.hpp>
#include <libstream/connectors/memory/callback_sink.hpp>

namespace stream {

std::vector<std::vector<Value>> MemoryTable::rows() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::vector<Value>> all;
  for (const auto& [epoch, rows] : epochs_) all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

void MemoryTable::put(std::int64_t epoch, const std::vector<Batch>& batches) {
  std::vector<std::vector<Value>> rows;
  for (const Batch& batch : batches) {
    for (std::vector<Value>& row : rows_of(batch)) rows.push_back(std::move(row));
  }
  const std::lock_guard lock(mutex_);
  if (mode_ == OutputMode::complete) epochs_.clear();
  epochs_[epoch] = std::move(rows);
}

std::shared_ptr<const Sink> memory_table_sink(std::shared_ptr<MemoryTable> table) {
  CallbackOptions options;
  options.name = "MemorySink";
  return callback_sink(
      [table = std::move(table)](std::int64_t epoch, EpochMillis,
                                 const std::vector<Batch>& batches) -> Result<void> {
        table->put(epoch, batches);
        return {};
      },
      std::move(options));
}

}  // namespace stream
