// The writer that adds rows to a table or replaces those of the same key: a transaction an epoch,
// with the epoch's mark in it. One a sink task.
#pragma once

#include <libstream/connectors/postgresql/sink_plan.hpp>

namespace stream::postgresql {

std::unique_ptr<SinkWriter> make_table_writer(SinkPlanRef plan);

}  // namespace stream::postgresql
