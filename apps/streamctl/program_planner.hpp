// A submitted program's queries, planned and not started: what every node does with the SQL that it
// is sent. Any thread.
#pragma once

#include <actors/node.hpp>

namespace stream::apps {

/// Runs the program's statements; each INSERT INTO of a stream gives a query. Throws Error: what
/// `streamctl run` would say, or a statement whose rows would have to be shown.
std::vector<PlannedQuery> plan_program(const QueryProgram& program);

}  // namespace stream::apps
