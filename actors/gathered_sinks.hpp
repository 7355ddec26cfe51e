// A plan for more than one process whose direct sinks (console, memory, functions of the program)
// have one task each: these gather an epoch in the memory of a process. Pure.
#pragma once

#include <libstream/plans/physical_plan.hpp>

namespace stream {

/// A stage of several tasks that ends in a direct sink sends its rows on to a stage of one task,
/// which runs where the coordinator is. Ids of operators, and so the checkpoint, stay; the plan
/// cannot be rescaled, as it would be cut anew.
PhysicalPlan with_gathered_sinks(PhysicalPlan plan);

}  // namespace stream
