// A sink that keeps rows in memory, by epoch, for the program to read: tests, `memory` tables, the
// page. Direct: an epoch that runs again replaces its rows unless they were taken before.
#pragma once

#include <libstream/connectors/sink.hpp>

#include <memory>
#include <vector>

namespace stream {

struct CollectedEpoch {
  std::int64_t epoch = 0;
  EpochMillis batch_time = 0;
  std::vector<Batch> batches;
};

class CollectSink final : public Sink {
 public:
  CollectSink();
  ~CollectSink() override;

  /// Removes and returns the epochs that all tasks have ended, oldest first; empty ones too. Any
  /// thread.
  std::vector<CollectedEpoch> take() const;
  /// The rows that arrived for `epoch` until now and were not taken. Any thread.
  std::vector<Batch> rows_of_epoch(std::int64_t epoch) const;
  /// Blocks the caller until all tasks have ended `epoch`; false when `time_out` passed first.
  bool wait_for_epoch(std::int64_t epoch, Duration time_out) const;

  std::string description() const override { return "MemorySink"; }
  SinkKind kind() const override { return SinkKind::direct; }
  Result<void> check(const Schema&) const override { return {}; }
  std::unique_ptr<SinkWriter> make_writer() const override;
  std::unique_ptr<SinkCommitter> make_committer() const override;

  class Store;

 private:
  std::shared_ptr<Store> store_;
};

}  // namespace stream
