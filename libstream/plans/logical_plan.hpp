// What a program asks for, without behaviour: nodes in the order they were made, each naming its
// inputs. Built by api; turned into stages by make_physical_plan.
#pragma once

#include <libstream/plans/physical_plan.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace stream {

using NodeId = std::uint32_t;

struct SourceNode {
  std::shared_ptr<const Source> source;
};
/// An operator; `exchange` says how rows reach it when there are several tasks.
struct OperatorNode {
  OperatorFactory make;
  Exchange exchange = Exchange::forward;
  /// Also with one task a boundary: rows of several partitions are told apart.
  std::uint32_t parallelism = 0;  ///< 0: the query's
  NoDataEpochs no_data_epochs = NoDataEpochs::never;
};
/// An aggregation in one phase (`whole`) where one task feeds one task, else in two.
struct AggregateNode {
  OperatorFactory whole;
  OperatorFactory partial;
  OperatorFactory merge;
  Exchange exchange = Exchange::hash;  ///< hash or single
  std::string name;                    ///< of the aggregation alone, without the chain before it
  NoDataEpochs no_data_epochs = NoDataEpochs::never;
};
/// The bad records of the source that is its input, as rows of bad_record_schema().
struct BadRecordsNode {};
/// All rows of all inputs; they have one schema.
struct UnionNode {};
struct SinkNode {
  std::shared_ptr<const Sink> sink;
  Exchange exchange = Exchange::forward;
};

struct LogicalNode {
  std::string name;  ///< "map at main.cpp:12"
  std::vector<NodeId> inputs;
  std::int64_t slide = 1;  ///< has a value in every slide-th interval
  std::variant<SourceNode, OperatorNode, AggregateNode, BadRecordsNode, UnionNode, SinkNode> kind;
  /// Of the operator, under which its state is filed; empty: made of the node's position.
  std::string id = {};
};

struct LogicalPlan {
  std::vector<LogicalNode> nodes;  ///< inputs come before their users
  /// Milliseconds, one per with_watermark node; its index is the node's EventTimes::watermark_node.
  std::vector<std::int64_t> watermark_delays;
  WatermarkPolicy watermark_policy = WatermarkPolicy::min;
  std::int64_t idle_timeout_millis = 0;  ///< see WatermarkTracker; 0: no input is ever idle
  /// What is made of a row depends on the rows that its task had before it (rand, sample).
  bool depends_on_earlier_rows = false;
};

/// Cuts the plan into stages of `parallelism` tasks at exchanges, fusing what needs none. Nodes
/// that no sink uses are left out. Error bad_plan: no sink.
Result<PhysicalPlan> make_physical_plan(const LogicalPlan& plan, std::uint32_t parallelism);

/// The tree of nodes above each sink, as `explain` prints it.
std::string explain(const LogicalPlan& plan);

}  // namespace stream
