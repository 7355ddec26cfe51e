// Who talks to whom: the tasks of a physical plan and their channels. Computed once at start.
#pragma once

#include <libstream/plans/physical_plan.hpp>

#include <cstdint>
#include <vector>

namespace stream {

/// One end of a channel at its receiver.
struct InputChannel {
  std::uint32_t from_task = 0;
  std::uint32_t from_output = 0;  ///< position among the sender's output channels
  InputPlace place;
};

/// One end of a channel at its sender.
struct OutputChannel {
  std::uint32_t to_task = 0;
  std::uint32_t to_input = 0;  ///< position among the receiver's input channels
};

/// The channels of one edge between stages, seen from one sending task.
struct OutputEdge {
  Exchange exchange = Exchange::forward;
  StageOutput output = StageOutput::rows;
  std::uint32_t first_channel = 0;  ///< into TaskNode::outputs
  std::uint32_t num_channels = 0;
};

struct TaskNode {
  std::uint32_t stage = 0;
  std::uint32_t index = 0;  ///< within the stage
  std::vector<InputChannel> inputs;
  std::vector<OutputChannel> outputs;
  std::vector<OutputEdge> edges;
};

std::vector<TaskNode> make_task_graph(const PhysicalPlan& plan);

}  // namespace stream
