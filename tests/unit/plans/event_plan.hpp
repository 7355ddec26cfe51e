// Hand-made plans with event times for the engine's tests: seconds that a test adds, a watermark
// node, counts by windows of five seconds that are emitted when the watermark has passed them.
#pragma once

#include <libstream/connectors/memory/collect_sink.hpp>
#include <libstream/plans/physical_plan.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace stream::testing {

/// The rows of a source, by seconds since 1970; a test adds to them at any time.
class EventRows {
 public:
  void add(const std::vector<std::int64_t>& seconds);
  std::size_t size() const;
  std::int64_t at(std::size_t row) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::int64_t> seconds_;
};

enum class EventSourceKind { growing, growing_with_empty_first_epoch, is_static };
std::shared_ptr<const Source> event_source(std::shared_ptr<const EventRows> rows,
                                           EventSourceKind kind = EventSourceKind::growing);

/// source -> watermark (10 s) -> windows (5 s) -> sink, in one task.
PhysicalPlan window_plan(std::shared_ptr<const EventRows> rows, std::shared_ptr<const Sink> sink,
                         NoDataEpochs no_data_epochs = NoDataEpochs::when_watermark_moves);
/// Sources side by side, each `parallelism` tasks, all into one sink task.
PhysicalPlan union_plan(std::vector<std::shared_ptr<const Source>> sources,
                        std::shared_ptr<const Sink> sink);

/// What a sink took, an entry an epoch: each row as its columns joined by ':'.
std::vector<std::vector<std::string>> taken_rows(const CollectSink& sink);

/// Counts what is called on its writers and committer.
struct SinkCalls {
  std::mutex mutex;
  std::map<std::uint32_t, std::vector<std::string>> by_task;  ///< "begin 0", "end 0", "write 0"
};
std::shared_ptr<const Sink> recording_sink(std::shared_ptr<SinkCalls> calls);

}  // namespace stream::testing
