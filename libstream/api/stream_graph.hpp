// The logical plan that a StreamingContext and its streams build together, and what they must agree
// on. Shared by them; not thread-safe: programs build their streams from one thread.
#pragma once

#include <libstream/plans/logical_plan.hpp>

#include <map>
#include <memory>
#include <string>

namespace stream {

class StreamGraph {
 public:
  explicit StreamGraph(Duration interval) : interval_(interval) {}

  /// Adds a node. Throws bad_plan after start.
  NodeId add(LogicalNode node);
  /// The common slide of two streams that are combined. Throws bad_plan when they differ.
  std::int64_t common_slide(NodeId left, NodeId right, const std::string& operation) const;
  /// A window's length or slide in batch intervals. Throws bad_plan unless it is a positive
  /// multiple of the parent's slide.
  std::int64_t intervals(Duration duration, NodeId parent, const char* what) const;

  std::int64_t slide(NodeId node) const { return plan_.nodes[node].slide; }
  Duration interval() const { return interval_; }
  const LogicalPlan& plan() const { return plan_; }
  void close() { is_started_ = true; }
  bool is_started() const { return is_started_; }

  /// What remember() keeps, by node; the type is known to the stream.
  std::map<NodeId, std::shared_ptr<void>> remembered;

 private:
  Duration interval_;
  LogicalPlan plan_;
  bool is_started_ = false;
};

}  // namespace stream
