// With how many tasks a query starts: as many as asked for, unless its checkpoint has an epoch that
// another number began. Sinks that commit task by task need its rows at the tasks they had before,
// so this run keeps that number; the next one takes the new one. Used where queries start.
#pragma once

#include <libstream/plans/runner.hpp>

namespace stream {

/// Sets options.parallelism; to be called before the physical plan is made.
Result<void> pin_parallelism(QueryOptions& options);

}  // namespace stream
