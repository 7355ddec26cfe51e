// The outgoing side of a task: deals batches out to channels by each edge's exchange, charges
// credit in retained bytes, and keeps what there is no credit for. Used by Task; one thread.
#pragma once

#include <libstream/base/result.hpp>
#include <libstream/data/batch.hpp>
#include <libstream/execution/task_graph.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace stream {

class Router {
 public:
  using Send = std::function<void(const OutputChannel&, Batch)>;

  Router(const TaskNode& node, const PhysicalPlan& plan, std::int64_t channel_bytes,
         BlockPool& pool, Send send);

  /// Begins an epoch: round-robin dealing starts anew, so that a re-run deals alike.
  void begin_epoch();
  void push(Batch batch, StageOutput output = StageOutput::rows);
  /// Does anybody take it?
  bool has_edge(StageOutput output) const;
  void grant(std::uint32_t output, std::int64_t bytes);
  /// False: some channel has used up its credit; take no more input until a grant.
  bool has_credit() const { return num_exhausted_ == 0; }

 private:
  void push_hashed(const OutputEdge& edge, const Batch& batch);
  void push_by_row(const OutputEdge& edge, const Batch& batch);
  void deal_by_hashes(const OutputEdge& edge, const Batch& batch);
  void push_dealt(const OutputEdge& edge, const Batch& batch);
  void send_rows(const OutputEdge& edge, const Batch& batch);
  void send(std::uint32_t output, Batch batch);

  const TaskNode& node_;
  const PhysicalPlan& plan_;
  BlockPool& pool_;
  Send send_;
  std::vector<std::int64_t> credit_;
  std::size_t num_exhausted_ = 0;
  std::uint64_t dealt_ = 0;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::size_t> all_columns_;
  std::vector<std::vector<std::uint32_t>> rows_;  // by channel of the edge
};

}  // namespace stream
