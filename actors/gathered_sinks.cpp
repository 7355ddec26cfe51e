#include <actors/gathered_sinks.hpp>

#include <utility>

namespace stream {

PhysicalPlan with_gathered_sinks(PhysicalPlan plan) {
  const auto num_stages = static_cast<std::uint32_t>(plan.stages.size());
  for (std::uint32_t i = 0; i < num_stages; ++i) {
    Stage& spread = plan.stages[i];
    const bool gathers = spread.parallelism > 1 && spread.sink &&
                         plan.sinks[*spread.sink]->kind() == SinkKind::direct;
    if (!gathers) continue;
    Stage gathered;
    gathered.name = spread.name;
    gathered.parallelism = 1;
    gathered.inputs.push_back({i, 0, Exchange::single, StageOutput::rows});
    gathered.sink = std::exchange(spread.sink, std::nullopt);
    gathered.sink_slide = spread.sink_slide;
    plan.stages.push_back(std::move(gathered));
    plan.logical = nullptr;
  }
  return plan;
}

}  // namespace stream
