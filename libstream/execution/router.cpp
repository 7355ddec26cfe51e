#include <libstream/execution/router.hpp>

#include <algorithm>
#include <numeric>

namespace stream {

Router::Router(const TaskNode& node, const PhysicalPlan& plan, std::int64_t channel_bytes,
               BlockPool& pool, Send send)
    : node_(node),
      plan_(plan),
      pool_(pool),
      send_(std::move(send)),
      credit_(node.outputs.size(), channel_bytes) {}

void Router::begin_epoch() { dealt_ = node_.index; }

bool Router::has_edge(StageOutput output) const {
  return std::any_of(node_.edges.begin(), node_.edges.end(),
                     [output](const OutputEdge& edge) { return edge.output == output; });
}

void Router::push(Batch batch, StageOutput output) {
  if (batch.num_rows() == 0) return;
  for (const OutputEdge& edge : node_.edges) {
    if (edge.output != output) continue;
    if (edge.num_channels == 1) {
      send(edge.first_channel, compact_if_sparse(batch, pool_));
    } else if (edge.exchange == Exchange::hash) {
      push_hashed(edge, batch);
    } else if (edge.exchange == Exchange::row_hash) {
      push_by_row(edge, batch);
    } else {
      push_dealt(edge, batch);
    }
  }
}

void Router::push_hashed(const OutputEdge& edge, const Batch& batch) {
  constexpr std::size_t kKeyColumn[] = {0};
  hashes_.resize(batch.num_rows());
  hash_rows(batch, kKeyColumn, hashes_);
  deal_by_hashes(edge, batch);
}

void Router::push_by_row(const OutputEdge& edge, const Batch& batch) {
  all_columns_.resize(batch.num_columns());
  std::iota(all_columns_.begin(), all_columns_.end(), std::size_t{0});
  hashes_.resize(batch.num_rows());
  hash_rows(batch, all_columns_, hashes_);
  deal_by_hashes(edge, batch);
}

void Router::deal_by_hashes(const OutputEdge& edge, const Batch& batch) {
  rows_.resize(edge.num_channels);
  for (auto& rows : rows_) rows.clear();
  for (std::size_t row = 0; row < batch.num_rows(); ++row) {
    const std::uint32_t task = task_of_hash(hashes_[row], edge.num_channels, plan_.num_groups);
    rows_[task].push_back(static_cast<std::uint32_t>(row));
  }
  send_rows(edge, batch);
}

void Router::push_dealt(const OutputEdge& edge, const Batch& batch) {
  rows_.resize(edge.num_channels);
  for (auto& rows : rows_) rows.clear();
  for (std::size_t row = 0; row < batch.num_rows(); ++row)
    rows_[dealt_++ % edge.num_channels].push_back(static_cast<std::uint32_t>(row));
  send_rows(edge, batch);
}

void Router::send_rows(const OutputEdge& edge, const Batch& batch) {
  for (std::uint32_t i = 0; i < edge.num_channels; ++i) {
    if (rows_[i].empty()) continue;
    if (rows_[i].size() == batch.num_rows()) {
      send(edge.first_channel + i, compact_if_sparse(batch, pool_));
    } else {
      send(edge.first_channel + i, take_rows(batch, rows_[i], pool_));
    }
  }
}

void Router::send(std::uint32_t output, Batch batch) {
  const bool had_credit = credit_[output] > 0;
  credit_[output] -= static_cast<std::int64_t>(batch.retained_bytes());
  if (had_credit && credit_[output] <= 0) ++num_exhausted_;
  send_(node_.outputs[output], std::move(batch));
}

void Router::grant(std::uint32_t output, std::int64_t bytes) {
  const bool had_credit = credit_[output] > 0;
  credit_[output] += bytes;
  if (!had_credit && credit_[output] > 0) --num_exhausted_;
}

}  // namespace stream
