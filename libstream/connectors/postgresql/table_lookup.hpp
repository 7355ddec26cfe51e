// Rows of a table by key: one statement for the keys of a batch. Belongs to a task. Blocks.
#pragma once

#include <libstream/connectors/lookup_source.hpp>
#include <libstream/connectors/postgresql/source_plan.hpp>

namespace stream::postgresql {

/// Can PostgreSQL be given arrays of these columns' types?
bool can_look_up(const SourcePlan& plan, const std::vector<std::size_t>& key_columns);

Result<std::unique_ptr<LookupReader>> make_table_lookup(SourcePlanRef plan,
                                                        const std::vector<std::size_t>& key_columns,
                                                        BlockPool& pool);

}  // namespace stream::postgresql
