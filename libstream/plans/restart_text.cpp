#include <libstream/plans/restart_text.hpp>

#include <fmt/format.h>

namespace stream {

std::string restart_text(const PhysicalPlan& plan) {
  std::string text;
  for (const auto& source : plan.sources) text += "source " + source->description() + "\n";
  for (const Stage& stage : plan.stages) {
    for (const PhysicalOperator& op : stage.operators) {
      if (op.make()->is_stateful()) text += fmt::format("operator {} {}\n", op.id, op.name);
    }
  }
  return text;
}

}  // namespace stream
