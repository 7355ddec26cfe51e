// A source fed by the program: each added batch is one element of a queue. For queueStream and for
// tests (MemoryStream). Adding is thread-safe; readers and planners keep to source.hpp.
//
// The offset is the number of elements consumed, a JSON integer. Elements are kept until the epoch
// that took them is committed, so the source is replayable as long as the process lives.
#pragma once

#include <libstream/connectors/source.hpp>

#include <memory>
#include <optional>

namespace stream {

struct QueueOptions {
  bool one_at_a_time = true;  ///< one element an epoch; else all that was added until the tick
  std::optional<Batch> fallback = std::nullopt;  ///< taken by an epoch that finds the queue empty
  /// Elements stay after their epoch is committed: a query may start again further back.
  bool keeps_committed = false;
  std::size_t max_elements = 1'000'000;          ///< more uncommitted elements are refused
};

class QueueSource final : public Source {
 public:
  explicit QueueSource(std::shared_ptr<const Schema> schema, QueueOptions options = {});
  ~QueueSource() override;

  /// Adds one element. Error: bad_plan when its schema is another one, transient when full.
  Result<void> add(Batch batch);
  /// Elements added and not yet in a committed epoch.
  std::size_t num_uncommitted() const;

  std::string description() const override;
  Schema schema() const override;
  std::unique_ptr<SourcePlanner> make_planner() const override;
  std::unique_ptr<SourceReader> make_reader() const override;

  class Queue;

 private:
  std::shared_ptr<Queue> queue_;
};

}  // namespace stream
