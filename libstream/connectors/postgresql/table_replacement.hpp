// Replacing all of a table: each task puts its rows into a table of its own, the committer puts
// them into the target in one transaction. Complete mode, and bounded writes that overwrite.
#pragma once

#include <libstream/connectors/postgresql/sink_plan.hpp>

namespace stream::postgresql {

std::unique_ptr<SinkWriter> make_staging_writer(SinkPlanRef plan);
std::unique_ptr<SinkCommitter> make_replacing_committer(SinkPlanRef plan);

}  // namespace stream::postgresql
