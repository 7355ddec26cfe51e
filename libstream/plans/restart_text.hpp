// What a restart must agree on, as the `plan` file of a checkpoint holds it: the sources in order
// and the operators with state. Parallelism is not part of it: key groups move.
#pragma once

#include <libstream/plans/physical_plan.hpp>

#include <string>

namespace stream {

/// Lines as state/plan_difference.hpp describes them.
std::string restart_text(const PhysicalPlan& plan);

}  // namespace stream
