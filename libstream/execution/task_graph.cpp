#include <libstream/base/check.hpp>
#include <libstream/execution/task_graph.hpp>

namespace stream {
namespace {

void connect(std::vector<TaskNode>& tasks, std::uint32_t from, std::uint32_t to, InputPlace place) {
  const auto output = static_cast<std::uint32_t>(tasks[from].outputs.size());
  const auto input = static_cast<std::uint32_t>(tasks[to].inputs.size());
  tasks[from].outputs.push_back({to, input});
  tasks[to].inputs.push_back({from, output, place});
}

}  // namespace

std::vector<TaskNode> make_task_graph(const PhysicalPlan& plan) {
  std::vector<TaskNode> tasks;
  for (std::uint32_t s = 0; s < plan.stages.size(); ++s) {
    for (std::uint32_t i = 0; i < plan.stages[s].parallelism; ++i) {
      TaskNode task;
      task.stage = s;
      task.index = i;
      tasks.push_back(std::move(task));
    }
  }
  for (std::uint32_t s = 0; s < plan.stages.size(); ++s) {
    const Stage& stage = plan.stages[s];
    for (const StageInput& input : stage.inputs) {
      const Stage& from = plan.stages[input.from];
      STREAM_CHECK(input.exchange != Exchange::forward || from.parallelism == stage.parallelism,
                   stage.name + ": forward edge between stages of different parallelism");
      for (std::uint32_t i = 0; i < from.parallelism; ++i) {
        const std::uint32_t sender = plan.first_task(input.from) + i;
        const std::uint32_t receiver = plan.first_task(s);
        const auto first = static_cast<std::uint32_t>(tasks[sender].outputs.size());
        const InputPlace place{input.ordinal, i};
        switch (input.exchange) {
          case Exchange::forward:
            connect(tasks, sender, receiver + i, place);
            break;
          case Exchange::single:
            connect(tasks, sender, receiver, place);
            break;
          case Exchange::hash:
          case Exchange::round_robin:
          case Exchange::row_hash:
            for (std::uint32_t j = 0; j < stage.parallelism; ++j)
              connect(tasks, sender, receiver + j, place);
            break;
        }
        tasks[sender].edges.push_back(
            {input.exchange, input.output, first,
             static_cast<std::uint32_t>(tasks[sender].outputs.size()) - first});
      }
    }
  }
  return tasks;
}

}  // namespace stream
